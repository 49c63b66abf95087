"""`python -m bench`: measure the service beside its baselines, print a table, keep it as JSON."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from bench import database, history, memory, receiving, sizing, statements, working
from bench.figures import Figure, console, save, show
from bench.scene import Plan, scratch

Measured = tuple[list[Figure], list[str]]
SHOWN_PROBLEMS = 20


def main() -> int:
    """Run every measurement; 1 when the database does not hold exactly what was accepted, else 0."""
    options = _options()
    plan = _plan(options)
    screen = console()
    if options.sizing:
        return _size(plan, screen)
    with tempfile.TemporaryDirectory(prefix="smsconsolidator_bench_") as directory:
        if options.history:
            figures, problems = history.measure(
                plan, Path(directory), options.history, lambda words: screen.print(f"{words} …")
            )
        else:
            figures, problems = _measure(plan, Path(directory), screen)
        version = _version(plan, Path(directory))
    title = f"{version}, {plan.web_processes} web processes with {plan.web_threads} threads"
    if options.history:
        history.show(screen, f"{title}, {options.history:,} messages stored", figures)
    else:
        show(screen, title, figures)
    facts = {"database": version, "plan": asdict(plan), "history": options.history}
    path = save(figures, facts, problems)
    for problem in problems[:SHOWN_PROBLEMS]:
        screen.print(f"[red]WRONG[/] {problem}")
    screen.print(f"{_verdict(problems)} Written to {path}")
    return 1 if problems else 0


def _size(plan: Plan, screen: Console) -> int:
    with tempfile.TemporaryDirectory(prefix="smsconsolidator_bench_") as directory:
        web, workers, problems = sizing.measure(
            plan, Path(directory), lambda words: screen.print(f"measuring: {words} …")
        )
        version = _version(plan, Path(directory))
    sizing.show(screen, version, web, workers)
    path = save([*web, *workers], {"database": version, "plan": asdict(plan)}, problems)
    screen.print(f"{_verdict(problems)} Written to {path}")
    return 1 if problems else 0


def _verdict(problems: Sequence[str]) -> str:
    if problems:
        return f"[red]{len(problems)} faults in what was stored.[/]"
    return "Every accepted message is in the database exactly once."


def _measure(plan: Plan, directory: Path, screen: Console) -> Measured:
    parts: list[tuple[str, Callable[[], Measured]]] = [
        ("receiving", lambda: receiving.measure(plan, directory)),
        ("counting statements", lambda: (statements.measure(plan, directory), [])),
        ("closing, draining, answering", lambda: working.measure(plan, directory)),
        ("memory", lambda: memory.measure(plan, directory)),
    ]
    if plan.kind == "postgres":
        parts.append(
            ("receiving on SQLite", lambda: receiving.measure_sqlite(_plan_for_sqlite(plan), directory))
        )
    figures: list[Figure] = []
    problems: list[str] = []
    for name, part in parts:
        screen.print(f"measuring: {name} …")
        found, wrong = part()
        figures += found
        problems += wrong
    return figures, problems


def _version(plan: Plan, directory: Path) -> str:
    with scratch(plan, directory, "version") as site:
        return site.database.version()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--database", choices=["sqlite", "postgres"], help="default: PostgreSQL where there is one"
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run; its figures are rough")
    parser.add_argument("--web-processes", type=int, help="default: 2 on PostgreSQL, 1 on SQLite")
    parser.add_argument("--web-threads", type=int, help="threads in each web process")
    parser.add_argument(
        "--history",
        type=int,
        default=0,
        metavar="N",
        help="measure with N stored messages (10000000) beside an empty database instead; PostgreSQL alone",
    )
    parser.add_argument(
        "--sizing",
        action="store_true",
        help="measure sets of web processes and of workers instead: how many machines; PostgreSQL alone",
    )
    options = parser.parse_args()
    if (options.history or options.sizing) and (options.database or database.preferred()) != "postgres":
        parser.error("--history and --sizing need PostgreSQL")
    return options


def _plan(options: argparse.Namespace) -> Plan:
    plan = _sized(options.database or database.preferred(), options)
    return plan.quick() if options.quick else plan


def _sized(kind: database.Kind, options: argparse.Namespace) -> Plan:
    web_processes = options.web_processes or (2 if kind == "postgres" else 1)
    return Plan(kind, web_processes, options.web_threads or 8)


def _plan_for_sqlite(plan: Plan) -> Plan:
    quick = plan.rounds == 1
    small = Plan("sqlite", 1, 8)
    return small.quick() if quick else small


if __name__ == "__main__":
    sys.exit(main())
