"""Conversations whose meaning is known: from a CSV file, or from what people said of verdicts."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from classification.models import Correction, Split

TEXT, LABEL = "text", "label"
_BREAK = re.compile(r"\r\n|\r|\n")


class BadCases(ValueError):
    """The file cannot be used; the message says why, and in which row. Rows count from 1, without the header."""


@dataclass(frozen=True)
class Case:
    """One conversation. `text` has a line for each SMS; `columns` is the whole row as it was in the file."""

    text: str
    label: str
    question: str = ""
    lang: str = ""
    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """What was written, SMS by SMS."""
        lines = _BREAK.split(self.text)
        return [line for line in lines if line.strip()] or lines[:1]


def load(path: Path, labels: Collection[str]) -> list[Case]:
    """The rows of a file with the columns text and label, and possibly lang, source and question. Raises BadCases."""
    cases = [_case(number, row, labels) for number, row in _rows(path)]
    if not cases:
        raise BadCases(f"{path}: has no rows")
    return cases


def corrected(labels: Collection[str], split: Split = Split.EVAL) -> list[Case]:
    """One half of the corrections, the newest of each verdict; `source` is why it was to be reviewed.

    Those to categories that are no more are left out: nobody could be right about them.
    """
    rows = Correction.objects.filter(split=split, corrected__in=labels).select_related("classification")
    newest = {row.classification_id: row for row in rows.order_by("id")}
    return [
        Case(row.text, row.corrected, row.question, source=row.classification.review)
        for row in newest.values()
    ]


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(StringIO(_decoded(path), newline=""), restkey="", strict=True)
    number = 0
    try:
        _check_header(path, reader.fieldnames or [])
        for number, row in enumerate(reader, start=1):
            if "" in row or None in row.values():
                raise BadCases(f"row {number}: has not as many cells as the header has columns")
            yield number, row
    except csv.Error as error:
        raise BadCases(f"row {number + 1}: {error}") from None


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadCases(f"{path}: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = StringIO(content[: error.start].decode("utf-8-sig"), newline="")
        number = max(sum(1 for _ in csv.reader(before)) - 1, 0)
        raise BadCases(f"row {number}: is not UTF-8 (byte {error.start} of the file)") from None


def _check_header(path: Path, names: Collection[str]) -> None:
    if not names:
        raise BadCases(f"{path}: is empty")
    if missing := {TEXT, LABEL} - set(names):
        raise BadCases(f"{path}: has no column {' and no column '.join(sorted(missing))}")
    if len(set(names)) < len(names) or "" in names:
        raise BadCases(f"{path}: every column needs a name of its own")


def _case(number: int, row: dict[str, str], labels: Collection[str]) -> Case:
    if row[LABEL] not in labels:
        known = ", ".join(sorted(labels))
        raise BadCases(f"row {number}: {row[LABEL]!r} is no category of the rule set ({known})")
    optional = {name: row.get(name, "") for name in ("question", "lang", "source")}
    return Case(row[TEXT], row[LABEL], **optional, columns=row)
