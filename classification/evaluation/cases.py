"""Conversations whose meaning is known: from a CSV file, or from what people said of verdicts."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classification.csv_rows import BadFile, rows
from classification.models import Correction, Split

TEXT, LABEL = "text", "label"
_BREAK = re.compile(r"\r\n|\r|\n")


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
    """The rows of a file with the columns text and label, and possibly lang, source and question. Raises BadFile."""
    return [_case(number, row, labels) for number, row in rows(path, (TEXT, LABEL))]


def corrected(labels: Collection[str]) -> list[Case]:
    """The evaluation half of the corrections, the newest of each verdict; `source` is why it was to be reviewed.

    Those to categories that are no more are left out: nobody could be right about them. So are those whose texts were
    purged.
    """
    corrections = Correction.objects.filter(split=Split.EVAL, corrected__in=labels).exclude(text="")
    corrections = corrections.select_related("classification")
    newest = {row.classification_id: row for row in corrections.order_by("id")}
    return [
        Case(row.text, row.corrected, row.question, source=row.classification.review)
        for row in newest.values()
    ]


def _case(number: int, row: dict[str, str], labels: Collection[str]) -> Case:
    if row[LABEL] not in labels:
        known = ", ".join(sorted(labels))
        raise BadFile(f"row {number}: {row[LABEL]!r} is no category of the rule set ({known})")
    optional = {name: row.get(name, "") for name in ("question", "lang", "source")}
    return Case(row[TEXT], row[LABEL], **optional, columns=row)
