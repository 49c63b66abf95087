"""`python -m chaos`: kill everything at random, prove from outside that nothing was lost or sent twice."""

import argparse
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from secrets import randbelow

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.figures import console
from bench.processes import ServerError
from chaos import report
from chaos.plan import FULL, QUICK, SETUPS, Plan
from chaos.run import run


def main() -> int:
    """Run the set-ups one after the other; 1 when a promise was broken, 2 when a run could not take place."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends like Ctrl-C: nothing is left behind
    plans = _plans(_options())
    screen = console()
    screen.print(f"seed {plans[0].seed}")
    try:
        broken = [plan.name for plan in plans if not _kept(plan, screen)]
    except ServerError as error:
        screen.print(f"[red]The run could not take place:[/] {error}")
        return 2
    if broken:
        screen.print(f"[red]Promises were broken:[/] {'; '.join(broken)}")
        return 1
    screen.print("[green]Every promise was kept.[/]")
    return 0


def _kept(plan: Plan, screen: Console) -> bool:
    """Run one set-up and print its table; logs are kept when a promise was broken."""
    path = report.directory(f"{plan.database}-{plan.broker}-{plan.provider}")
    with _progress(screen) as progress:
        task = progress.add_task(plan.name, total=1.0, words="")

        def show(phase: str, share: float, words: str) -> None:
            progress.update(task, completed=share, description=f"{plan.name}: {phase}", words=words)

        checks, evidence = run(plan, path, show)
    report.show(screen, f"{plan.name}; {plan.seconds:g} s of faults, seed {plan.seed}", checks)
    written = report.save(path, plan, checks, evidence)
    if not report.breaches(checks):
        _forget_logs(path)
    screen.print(f"Written to {written}")
    return not report.breaches(checks)


def _forget_logs(path: Path) -> None:
    for file in path.iterdir():
        if file.name != "result.json":
            shutil.rmtree(file) if file.is_dir() else file.unlink()


def _progress(screen: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}"),
    )
    return Progress(*columns, console=screen, transient=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute for each set-up; what CI runs")
    parser.add_argument("--database", choices=["postgres", "sqlite"], help="default: all set-ups in turn")
    parser.add_argument("--broker", choices=["orm", "redis"], help="default: all set-ups in turn")
    parser.add_argument("--provider", choices=["smsmobileapi", "smsgate"], help="default: each set-up's own")
    parser.add_argument("--batches", type=int, help="conversations, each of a sender of its own")
    parser.add_argument("--seconds", type=float, help="how long traffic and faults go on")
    parser.add_argument("--kills", type=int, help="how many processes are killed")
    parser.add_argument("--restarts", type=int, help="how often each server is restarted")
    parser.add_argument("--seed", type=int, help="of all that is random; default: another one each time")
    return parser.parse_args()


def _plans(options: argparse.Namespace) -> Sequence[Plan]:
    size = QUICK if options.quick else FULL
    given = {name: getattr(options, name) for name in ("batches", "seconds", "kills", "restarts")}
    given = {name: value for name, value in given.items() if value is not None}
    seed = randbelow(1_000_000) if options.seed is None else options.seed
    base = replace(size, seed=seed, **given)
    return [
        replace(base, database=database, broker=broker, provider=options.provider or provider)
        for database, broker, provider in SETUPS
        if options.database in (None, database) and options.broker in (None, broker)
    ]


if __name__ == "__main__":
    sys.exit(main())
