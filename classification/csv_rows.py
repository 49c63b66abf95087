"""Reading a CSV file that somebody has made, and saying exactly what is wrong with it."""

import csv
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path


class BadFile(ValueError):
    """The file cannot be used; the message says why, and where."""


def rows(path: Path, needed: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with their numbers, which count from 1 without the header.

    The file is UTF-8, and its header has the columns `needed`, and maybe others.

    Raises BadFile, also when there is no row.
    """
    reader = csv.DictReader(StringIO(_decoded(path), newline=""), restkey="", strict=True)
    number = 0
    try:
        _check_header(path, reader.fieldnames or [], needed)
        for number, row in enumerate(reader, start=1):
            if "" in row or None in row.values():
                raise BadFile(f"row {number}: has not as many cells as the header has columns")
            yield number, row
    except csv.Error as error:
        raise BadFile(f"row {number + 1}: {error}") from None
    if not number:
        raise BadFile(f"{path}: has no rows")


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(content[: error.start].decode("utf-8-sig"))
        raise BadFile(f"{place}: is not UTF-8 (byte {error.start} of the file)") from None


def _place(before: str) -> str:
    """What comes after `before`: a sign in the place of what cannot be read makes the row that it begins count, too."""
    lines = csv.reader(StringIO(before + "?", newline=""))
    number = sum(1 for line in lines if line) - 1
    return f"row {number}" if number else "the header"


def _check_header(path: Path, names: Collection[str], needed: Collection[str]) -> None:
    if not names:
        raise BadFile(f"{path}: is empty")
    if missing := [name for name in needed if name not in names]:
        raise BadFile(f"{path}: has no column {' and no column '.join(missing)}")
    if len(set(names)) < len(names) or "" in names:
        raise BadFile(f"{path}: every column needs a name of its own")
