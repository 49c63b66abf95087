"""`manage.py doctor`: looks at everything that the service needs, and says what to mend."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from batches.doctor import Line, examine
from classification.findings import State
from classification.terminal import WIDTH

MARKS = {
    State.OK: ("ok", "green"),
    State.WARNING: ("warning", "yellow"),
    State.PROBLEM: ("PROBLEM", "bold red"),
}
MARK_WIDTH, ABOUT_WIDTH = 9, 12


class Command(BaseCommand):
    help = (
        "Looks at settings, secrets, database, clocks, migrations, queue, schedule, sweep, provider, model, disk,"
        " spool and the nightly copies. Changes and sends nothing. Exit code 1 when there is a problem."
    )
    requires_system_checks = []  # they are part of what is looked at

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--public-url",
            default="",
            metavar="https://sms.example.org",
            help="look at the webhook from outside, too",
        )
        parser.add_argument(
            "--pre-flight",
            action="store_true",
            help="before the start: leave out what only a running service has",
        )
        parser.add_argument("--strict", action="store_true", help="exit code 1 for warnings, too")
        parser.add_argument("--json", action="store_true", help="print JSON instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        url = options["public_url"]
        if url and not url.startswith(("http://", "https://")):
            raise CommandError("--public-url: must begin with http:// or https://")
        lines = []
        for line in examine(url, options["pre_flight"]):
            lines.append(line)
            if not options["json"]:
                self._show(line)
        problems, warnings = _number(lines, State.PROBLEM), _number(lines, State.WARNING)
        if options["json"]:
            found = {"problems": problems, "warnings": warnings, "lines": [asdict(line) for line in lines]}
            self.stdout.write(json.dumps(found, indent=2))
        failed = problems or (warnings and options["strict"])
        summary = f"{problems} problem(s), {warnings} warning(s)"
        if failed:
            raise CommandError(summary)
        if not options["json"]:
            self.stdout.write(summary)

    def _show(self, line: Line) -> None:
        """One line at once: some looks take seconds."""
        word, style = MARKS[line.state]
        terminal = self.stdout.isatty()
        console = Console(width=None if terminal else WIDTH, force_terminal=terminal)
        with console.capture() as capture:
            head = Text.assemble(
                (word.ljust(MARK_WIDTH), style), (line.about.ljust(ABOUT_WIDTH), "bold"), line.told
            )
            console.print(head, soft_wrap=not terminal)
            if line.mend:
                console.print(Padding(Text(f"→ {line.mend}"), (0, 0, 0, MARK_WIDTH + ABOUT_WIDTH)))
        self.stdout.write("\n".join(text.rstrip() for text in capture.get().splitlines()))
        self.stdout.flush()


def _number(lines: Sequence[Line], state: State) -> int:
    return sum(line.state == state for line in lines)
