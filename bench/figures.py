"""What was measured, and how it is shown and kept."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MEMORY, PLAIN = "in memory (FastAPI)", "plain DRF"
RESULTS = Path(__file__).resolve().parent / "results"
WIDTH = 150
PACKAGES = ("Django", "djangorestframework", "granian", "psycopg", "uvicorn", "fastapi", "h11")


@dataclass(frozen=True)
class Figure:
    """One line of the table: the product's value beside those of the baselines.

    `met` is None where there is no target. `rounds` keeps each round's value by contender.
    """

    name: str
    unit: str
    product: float
    baselines: Mapping[str, float] = field(default_factory=dict)
    target: str = ""
    met: bool | None = None
    rounds: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def aimed(self, target: str, met: bool) -> "Figure":
        """The same figure with a target."""
        return replace(self, target=target, met=met)

    def ratio(self, baseline: str) -> str:
        """The product's value by the baseline's, for people."""
        other = self.baselines.get(baseline)
        return f"{self.product / other:.2f} ×" if other else ""


def console() -> Console:
    """Where tables are printed; a log has no width of its own."""
    screen = Console()
    return screen if screen.is_terminal else Console(width=WIDTH)


def show(screen: Console, title: str, figures: Sequence[Figure]) -> None:
    """Print the figures as a table."""
    table = Table(title=title, title_justify="left")
    table.add_column("measure", overflow="fold")
    for heading in ("product", MEMORY, "ratio", PLAIN, "ratio", "target", "met"):
        table.add_column(heading, justify="right")
    for figure in figures:
        table.add_row(*_cells(figure))
    screen.print(table)


def _cells(figure: Figure) -> list[str]:
    cells = [f"{figure.name} ({figure.unit})", _number(figure.product)]
    for baseline in (MEMORY, PLAIN):
        cells += [_number(figure.baselines.get(baseline)), figure.ratio(baseline)]
    return [*cells, figure.target, {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def save(figures: Sequence[Any], facts: Mapping[str, Any], problems: Sequence[str]) -> Path:
    """Write everything (`figures` are dataclasses) as JSON under bench/results and give the file's path."""
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        **facts,
        "correct": not problems,
        "problems": list(problems),
        "figures": [asdict(figure) for figure in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def machine() -> dict[str, Any]:
    """Where it runs, and on what."""
    return {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
