"""A report for a spreadsheet: one figure a line."""

from collections.abc import Iterator
from typing import Any

from batches.reporting.figures import Report
from batches.spreadsheet import lines

NAMES = ("section", "name", "value")


def rendered(report: Report) -> str:
    """CSV with a header, every cell quoted; what stands in a cell is never a formula."""
    return "".join(lines(NAMES, _rows(report.as_dict())))


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, value in document.items():
        if isinstance(value, dict):
            yield from ((section, name, shown) for name, shown in _flat(value))
        elif isinstance(value, list):
            for number, one in enumerate(value, start=1):
                yield from ((section, f"{number} {name}", shown) for name, shown in _flat(one))
        else:
            yield ("report", section, value)


def _flat(document: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name} ")
        elif isinstance(value, list):
            for number, one in enumerate(value, start=1):
                yield from _flat(one, f"{before}{name} {number} ")
        else:
            yield before + name, value
