"""`python -m deploy.rehearsal`: each kind of roll-out, a roll-back and a bad release, under 50 messages a second.

The previous release (deploy/previous-release) and this working copy take turns on one database, behind nginx with the
site as it ships. Needs nginx, openssl and git; with a PostgreSQL server (DATABASE_URL) or on SQLite. Exit code 1 when a
message was refused or lost, a reply went out twice or not at all, or a roll-out did not end as it should.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import database as databases
from chaos.evidence import UNSETTLED
from deploy.rehearsal.scene import Scene
from deploy.rehearsal.verdict import Verdict, judge

PER_SECOND = 50
SETTLE = 60  # seconds
SENDERS = 1_000_000  # more than a run has
AROUND = 2  # seconds of load before and after each command
# Name, command, whether it succeeds. Blue is the previous release at first, green this one.
RUNS = (
    ("canary to this release", "canary", 0),
    ("roll-back to the previous one", "rollback", 0),
    ("blue-green to this release", "blue-green", 0),
    ("canary of a bad release", "canary", 1),
    ("blue-green of a bad release", "blue-green", 1),
)
# A quick one runs beside other things (tests): a busy machine is no bad sign there, and what is judged is what became
# of the messages.
BUSY = ("--max-lateness", "60", "--max-waiting", "120")
QUICK = 2  # seconds of watching after each step
console = Console(highlight=False, soft_wrap=True, width=130)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.rehearsal", description="Rehearse roll-outs under load."
    )
    parser.add_argument("--watch", type=float, default=30, metavar="SECONDS", help="after each step (30)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK} seconds after each step, and a busy machine is no bad sign",
    )
    parser.add_argument("--database", choices=["sqlite", "postgres"], default=databases.preferred())
    return parser.parse_args()


def pace(arguments: argparse.Namespace) -> list[str]:
    """How each roll-out watches."""
    if arguments.quick:
        return ["--watch", str(QUICK), *BUSY]
    return ["--watch", str(arguments.watch)]


def perform(scene: Scene, command: str, watching: Sequence[str], first_sender: int) -> tuple[int, Verdict]:
    """One command under load: its exit code, and what became of all messages."""
    phones = scene.phones(PER_SECOND, first_sender)
    options = ["--drain", "2"]
    if command != "rollback":
        options += ["--every", "1", *watching]
    with phones.posting():
        time.sleep(AROUND)
        done = scene.rollout(command, *options)
        time.sleep(AROUND)
    console.print(done.stdout.rstrip(), markup=False)
    end = time.monotonic() + SETTLE
    while scene.database.rows(UNSETTLED)[0][0] and time.monotonic() < end:
        time.sleep(0.2)
    return done.returncode, judge(phones.told, scene.database, scene.provider.calls)


def rehearse(scene: Scene, watching: Sequence[str]) -> list[tuple[str, bool, Verdict]]:
    """Every run in its order: name, whether the command ended as it should, and what became of the messages."""
    begun = scene.rollout("first", "blue")
    console.print(begun.stdout.rstrip(), markup=False)
    if begun.returncode:
        raise SystemExit(f"The previous release does not start:\n{scene.logs()}")
    scene.start_nginx()
    scene.unpack_broken("broken")
    results = []
    for index, (name, command, code) in enumerate(RUNS):
        console.rule(name)
        if code:
            scene.link("blue", "broken")
        returned, verdict = perform(scene, command, watching, index * SENDERS)
        results.append((name, returned == code, verdict))
    return results


def print_results(results: Sequence[tuple[str, bool, Verdict]]) -> bool:
    """Whether all is as it should be."""
    table = Table(title=f"{PER_SECOND} messages a second")
    for column in (
        "run",
        "requests",
        "non-2xx",
        "lost",
        "stored twice",
        "batches",
        "double replies",
        "no reply",
    ):
        table.add_column(column, justify="left" if column == "run" else "right")
    table.add_column("slowest", justify="right")
    table.add_column("ended as it should")
    for name, ended, one in results:
        counts = (one.requests, one.refused, one.lost, one.repeated, one.batches, one.doubled, one.unanswered)
        table.add_row(
            name,
            *(f"{count:,}" for count in counts),
            f"{one.slowest * 1000:.0f} ms",
            "yes" if ended else "NO",
        )
    console.print(table)
    return all(ended and one.clean for _, ended, one in results)


def main() -> int:
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and nothing is left running
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        root.chmod(0o755)
        database = databases.create(arguments.database, root, "rehearsal")
        try:
            if isinstance(database, databases.Postgres):
                database.forget_fast()
            with Scene(root, database) as scene:
                good = print_results(rehearse(scene, pace(arguments)))
                if not good:
                    console.print(scene.logs(), markup=False)
        finally:
            database.drop()
    console.print(f"{database.kind}: {'as promised' if good else 'NOT as promised'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
