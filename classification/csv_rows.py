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
        before = StringIO(content[: error.start].decode("utf-8-sig"), newline="")
        number = max(sum(1 for _ in csv.reader(before)) - 1, 0)
        raise BadFile(f"row {number}: is not UTF-8 (byte {error.start} of the file)") from None


def _check_header(path: Path, names: Collection[str], needed: Collection[str]) -> None:
    if not names:
        raise BadFile(f"{path}: is empty")
    if missing := [name for name in needed if name not in names]:
        raise BadFile(f"{path}: has no column {' and no column '.join(missing)}")
    if len(set(names)) < len(names) or "" in names:
        raise BadFile(f"{path}: every column needs a name of its own")
