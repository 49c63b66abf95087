"""Senders' preferences as a CSV file: read row by row, told what is wrong where, and stored as a whole or not at all.

A column that the file does not have leaves what is stored as it is; an empty cell empties it.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict

from batches.models import SenderPreference
from batches.spreadsheet import bare

COLUMNS = ["number", "name", "language", "window_seconds", "no_auto_replies", "is_vip", "notes"]
MAX_BYTES, MAX_ROWS = 400_000, 5000
FLAGS = {"no_auto_replies", "is_vip"}
YES, NO = {"true", "yes", "y", "1", "x"}, {"", "false", "no", "n", "0"}

Row = dict[str, str]


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line of the file, from 1; `field` is empty where it is the line or the file."""

    line: int
    field: str
    reason: str


@dataclass
class Plan:
    """What a file would do. With `problems` it does nothing."""

    new: list[SenderPreference] = field(default_factory=list)
    changed: list[SenderPreference] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)


def plan(content: bytes) -> Plan:
    """What the file would do, and all that is wrong with it. Two queries at most; nothing is written."""
    made = Plan()
    try:
        given = list(_rows(content))
    except Unreadable as error:
        return Plan(problems=[error.problem])
    read = [_checked(line, row, made.problems) for line, row in given]
    numbers = [one["number"] for one in read if "number" in one]
    stored = {row.number: row for row in SenderPreference.objects.filter(number__in=numbers)}
    seen: dict[str, int] = {}
    for (line, _), values in zip(given, read, strict=True):
        if number := values.get("number", ""):
            _add(made, line, values, stored.get(number), seen.setdefault(number, line))
    return made


def too_large(size: int) -> str:
    """Why a file of so many bytes is not read, for people; empty when it is."""
    return f"The file has {size} bytes; {MAX_BYTES} at most." if size > MAX_BYTES else ""


def carry_out(planned: Plan) -> None:
    """Store it, in one statement for 500 rows and one transaction for all."""
    SenderPreference.objects.bulk_create(
        [*planned.new, *planned.changed],
        update_conflicts=True,
        unique_fields=["number"],
        update_fields=[*COLUMNS[1:], "updated_at"],
        batch_size=500,
    )


class Unreadable(ValueError):
    """The file ends here; the problem says why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.problem = Problem(line, "", reason)


def _rows(content: bytes) -> Iterator[tuple[int, Row]]:
    """Each row with the line that it begins in. Raises Unreadable."""
    if problem := too_large(len(content)):
        raise Unreadable(1, problem)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(content[: error.start].count(b"\n") + 1, "This is not UTF-8.") from None
    head = text.split("\n", 1)[0]
    reader = csv.reader(
        StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True
    )
    try:
        names = _header(next(reader, []))
        yield from _body(reader, names)
    except csv.Error as error:
        raise Unreadable(reader.line_num, f"This is no CSV: {error}.") from None


def _header(cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if "number" not in names:
        raise Unreadable(1, f"The header has no column number. The columns are {', '.join(COLUMNS)}.")
    if unknown := [name for name in names if name not in COLUMNS]:
        raise Unreadable(1, f"There is no column {unknown[0]!r}. The columns are {', '.join(COLUMNS)}.")
    if len(set(names)) < len(names):
        raise Unreadable(1, "A column is there twice.")
    return names


def _body(reader: Any, names: Sequence[str]) -> Iterator[tuple[int, Row]]:
    count, line = 0, reader.line_num + 1
    for cells in reader:
        if any(cells):
            count += 1
            if count > MAX_ROWS:
                raise Unreadable(line, f"The file has more than {MAX_ROWS} rows.")
            if len(cells) != len(names):
                raise Unreadable(line, f"The row has {len(cells)} cells, the header {len(names)}.")
            yield line, {name: bare(cell) for name, cell in zip(names, cells, strict=True)}
        line = reader.line_num + 1
    if not count:
        raise Unreadable(line, "The file has no rows.")


def _checked(line: int, row: Row, problems: list[Problem]) -> dict[str, Any]:
    """The row's values as they are stored; what is wrong is added to `problems`, and left out."""
    values: dict[str, Any] = {}
    for name, cell in row.items():
        try:
            values[name] = _value(name, cell.strip())
        except ValidationError as error:
            problems.extend(Problem(line, name, reason) for reason in error.messages)
    one = SenderPreference(**values)
    try:
        one.full_clean(
            exclude=set(COLUMNS) - values.keys(), validate_unique=False, validate_constraints=False
        )
    except ValidationError as error:
        found = error.message_dict
        problems.extend(Problem(line, name, reason) for name, told in found.items() for reason in told)
        return {name: value for name, value in values.items() if name != "number" or "number" not in found}
    return {name: getattr(one, name) for name in values}


def _value(name: str, cell: str) -> Any:
    if name in FLAGS:
        if cell.lower() in YES | NO:
            return cell.lower() in YES
        raise ValidationError(f"{cell!r} is neither yes nor no.")
    if name == "window_seconds":
        if cell and not (cell.isascii() and cell.isdigit()):
            raise ValidationError(f"{cell!r} is no number of seconds.")
        return int(cell) if cell else None
    return cell


def _add(made: Plan, line: int, values: dict[str, Any], stored: SenderPreference | None, first: int) -> None:
    if first != line:
        made.problems.append(Problem(line, "number", f"This number is in line {first} already."))
        return
    if stored is None:
        made.new.append(SenderPreference(**values))
        return
    before = model_to_dict(stored, COLUMNS)
    if before == before | values:
        made.unchanged += 1
    else:
        made.changed.append(SenderPreference(**before | values))
