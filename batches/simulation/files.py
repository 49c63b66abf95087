"""Reading a simulation from a file: CSV with a header line, or one JSON object a line."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from batches.inbound.base import not_blank
from batches.simulation.script import Planned
from classification.csv_rows import BadFile

SHOWN = 10  # problems that an error message lists
FIELDS = "number, text, delay (seconds after the message before) and guid"


def _no_cell(value: Any) -> Any:
    """An empty cell of an optional column means its default."""
    return None if value == "" else value


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(max_length=255), AfterValidator(not_blank)]
    text: str
    delay: Annotated[
        Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] | None, BeforeValidator(_no_cell)
    ] = None
    guid: Annotated[Annotated[str, Field(max_length=255)] | None, BeforeValidator(_no_cell)] = None


def load(path: Path, new_guid: Callable[[], str]) -> list[Planned]:
    """The messages in `path`, in order; those without a GUID get a new one. Raises BadFile."""
    content = _text(path)
    as_json = content.lstrip().startswith("{")
    plan: list[Planned] = []
    problems: list[str] = []
    at = 0.0
    for number, fields in _json_lines(content) if as_json else _csv_lines(content):
        try:
            line = _Line.model_validate(_checked(fields))
        except ValueError as error:
            problems.append(f"  line {number}: {_reason(error)}")
            continue
        at += line.delay or 0
        plan.append(Planned(at, line.number, line.text, line.guid or new_guid(), f"line {number}"))
    if problems or not plan:
        raise BadFile(_explain(path, problems))
    return plan


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text (byte {error.start})") from None


def _json_lines(content: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"is not JSON: {error}"


def _csv_lines(content: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(content, newline=""), restval=None, restkey="")
    try:
        for row in reader:
            cells = {(name or "").strip(): value for name, value in row.items() if value is not None}
            yield reader.line_num, "has more cells than the header line" if "" in cells else cells
    except csv.Error as error:
        yield reader.line_num, f"is not CSV: {error}"


def _checked(fields: Any) -> dict[str, Any]:
    """The fields of a line; a text instead of them is what is wrong with it."""
    if isinstance(fields, dict):
        return fields
    raise ValueError(fields if isinstance(fields, str) else "is not a JSON object")


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(_field_problem(dict(one)) for one in error.errors(include_url=False))


def _field_problem(error: dict[str, Any]) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{name!r} is not a field; there are {FIELDS}"
    problem = "is missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    return f"{name}: {problem[0].lower()}{problem[1:]}"


def _explain(path: Path, problems: list[str]) -> str:
    if not problems:
        return f"{path} holds no messages. Its lines have the fields {FIELDS}."
    more = [f"  … and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return "\n".join([f"{path} cannot be used:", *problems[:SHOWN], *more])
