"""The table, and the file that keeps everything."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import machine
from chaos.evidence import Evidence
from chaos.plan import Plan
from chaos.verdict import Check

RESULTS = Path(__file__).resolve().parent / "results"
EXAMPLES = 5
MARK = {None: "", True: "[green]yes[/]", False: "[red]NO[/]"}


def breaches(checks: Sequence[Check]) -> list[Check]:
    """The promises that were not kept."""
    return [check for check in checks if check.kept is False]


def show(screen: Console, title: str, checks: Sequence[Check]) -> None:
    """Print the checks as a table, and examples of every breach."""
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column("found", overflow="fold")
    for heading in ("allowed", "kept"):
        table.add_column(heading, justify="right")
    for check in checks:
        table.add_row(check.name, check.found, check.allowed, MARK[check.kept])
    screen.print(table)
    for check in breaches(checks):
        screen.print(f"[red]BREACH[/] {check.name}: {check.found}, allowed {check.allowed}")
        for example in check.examples[:EXAMPLES]:
            screen.print(f"    {example}", markup=False)


def directory(name: str) -> Path:
    """A new directory for one run's logs and figures; git ignores it."""
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}"
    path.mkdir(parents=True)
    return path


def save(path: Path, plan: Plan, checks: Sequence[Check], evidence: Evidence) -> Path:
    """Write everything that explains the verdict as JSON."""
    return write(
        path / "result.json",
        {
            "plan": asdict(plan),
            "kept": not breaches(checks),
            "checks": [asdict(check) for check in checks],
            "kills": [asdict(kill) | {"ports": sorted(kill.ports)} for kill in evidence.kills],
            "outages": [asdict(outage) for outage in evidence.outages],
            "unknown": [asdict(one) for one in evidence.unknown],
            "batches": [asdict(one) for one in evidence.batches if one.outcome != "replied"],
            "calls": [asdict(call) for call in evidence.calls if call.fault.name],
        },
    )


def write(path: Path, content: Mapping[str, Any]) -> Path:
    """Write `content` with time and machine, and give the path back."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"at": now, "machine": machine(), **content}, indent=1) + "\n")
    return path
