"""`python -m deploy.rollout COMMAND`: see docs/upgrade.md. Run it as root, from the release that is to take over."""

import argparse
import fcntl
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.layout import COLOURS, PROGRAMS, Layout
from deploy.rollout.before import good_and_bad, told
from deploy.rollout.machine import Machine, MachineError
from deploy.rollout.steps import BLUE_GREEN, CANARY, Pace, Rollout
from deploy.rollout.upstream import UnreadableUpstream
from deploy.rollout.watching import Limits

STEPS = {"blue-green": BLUE_GREEN, "canary": CANARY}
console = Console(highlight=False, soft_wrap=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.rollout", description="Put another release into service, or go back."
    )
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)  # a rehearsal's
    parser.add_argument("--nginx", default="nginx", help="how nginx is called")
    parser.add_argument("--user", default="smsconsolidator", help="whom the service runs as")
    parser.add_argument(
        "--ready-within",
        dest="start",
        type=float,
        default=Pace.start,
        metavar="SECONDS",
        help="how long a release may take until it is ready (%(default)g); more for a slow machine",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="which release answers, and how it is")
    commands.add_parser("start", help="start the release that answers, after a restore, say")
    first = commands.add_parser("first", help="start the first release on this machine")
    first.add_argument("colour", choices=COLOURS)
    for name, text in (
        ("blue-green", "switch all requests at once to the other release, and watch it"),
        ("canary", "switch in steps of 10, 25, 50 and 100 per cent, and watch it after each"),
        ("rollback", "go back to the release before, now"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--drain", type=float, default=Pace.drain, metavar="SECONDS")
        if name != "rollback":
            _add_watching(command)
    return parser.parse_args()


def _add_watching(command: argparse.ArgumentParser) -> None:
    command.add_argument("--watch", type=float, default=Pace.watch, metavar="SECONDS", help="after each step")
    command.add_argument(
        "--every", type=float, default=Pace.every, metavar="SECONDS", help="between two looks"
    )
    for name, unit in {"errors": "%", "lateness": "s", "waiting": "s", "failed": "%", "replies": "%"}.items():
        usual = getattr(Limits, name)
        command.add_argument(
            f"--max-{name}", type=float, default=usual, metavar="N", help=f"bad above it ({usual:g} {unit})"
        )


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """One roll-out at a time. Raises MachineError for the second."""
    layout.upstream.parent.mkdir(parents=True, exist_ok=True)  # a machine without nginx has none
    with layout.upstream.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MachineError("Another roll-out is running on this machine") from None
        yield


def act(arguments: argparse.Namespace, machine: Machine) -> int:
    given = vars(arguments)
    pace = Pace(**{name: given[name] for name in ("start", "watch", "every", "drain") if name in given})
    limits = Limits(**{name[4:]: value for name, value in given.items() if name.startswith("max_")})
    rollout = Rollout(machine, say, pace, limits)
    match arguments.command:
        case "first":
            rollout.first(arguments.colour)
        case "start":
            rollout.again()
        case "rollback":
            rollout.back(*good_and_bad(machine))
        case _:
            return 0 if rollout.to_other(STEPS[arguments.command]) else 1
    return 0


def print_status(machine: Machine) -> int:
    upstream = machine.upstream()
    columns = ("release", "version", "requests", *PROGRAMS, "answers", "ready")
    table = Table(*columns, box=None, padding=(0, 2, 0, 0), pad_edge=False)  # 80 columns wide
    for colour in COLOURS:
        try:
            version = machine.version(colour)
        except MachineError:
            version = "not there"
        states = ["running" if machine.is_active(colour, program) else "-" for program in PROGRAMS]
        up = version != "not there" and machine.is_up(colour)
        words = ["yes" if up else "-", "yes" if up and machine.is_ready(colour) else "-"]
        settled = " (settled)" if colour == upstream.settled else ""
        table.add_row(f"{colour}{settled}", version, f"{upstream.weights.get(colour, 0)} %", *states, *words)
    console.print(table)
    console.print(told(machine), markup=False)
    return 0


def say(text: str) -> None:
    console.print(f"{time.strftime('%H:%M:%SZ', time.gmtime())}  {text}", markup=False)


def heed_stops() -> None:
    """Ctrl-C and SIGTERM end the watch, and it goes back.

    A shell that starts something in its background has it ignore Ctrl-C; nobody who sends it means that.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def main() -> int:
    arguments = parse()
    heed_stops()
    machine = Machine(Layout(arguments.root), shlex.split(arguments.nginx), arguments.user)
    try:
        if arguments.command == "status":
            return print_status(machine)
        with alone(machine.layout):
            return act(arguments, machine)
    except (MachineError, UnreadableUpstream, OSError) as problem:
        say(f"STOPPED  {problem}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
