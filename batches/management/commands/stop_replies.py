"""`manage.py stop_replies`: the switch that stops replies, for whoever has a shell and no time."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.table import Table

from batches.management import named
from batches.models import BatchEvent
from classification.terminal import cells, show
from replies import switches


class Command(BaseCommand):
    help = "Stop the replies of every channel or of one, at once and on every node; or let them go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--channel", default="", help="one channel; all of them otherwise")
        parser.add_argument("--go-on", action="store_true", help="let replies go on")
        parser.add_argument("--reason", default="", help="why; without one, only the state is shown")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *_: Any, **options: Any) -> None:
        """Raises CommandError (exit code 1) for a channel that there is not."""
        channel, reason = named.channel(options["channel"]), options["reason"].strip()
        if options["go_on"] and not reason:
            raise CommandError("Say why: --reason")
        if reason:
            where = channel.pk if channel else None
            switches.throw(where, stop=not options["go_on"], reason=reason, actor=_actor())
        self._show(as_json=options["json"])

    def _show(self, *, as_json: bool) -> None:
        stops = switches.stopped()
        if as_json:
            told = [
                {"channel": str(stop.channel or "all"), "by": stop.actor, "reason": stop.reason}
                | {"since": stop.at.isoformat()}
                for stop in stops
            ]
            self.stdout.write(json.dumps({"stopped": told}))
            return
        table = Table("Stopped", "Since (UTC)", "By", "Why")
        for stop in stops:
            at = f"{stop.at:%Y-%m-%d %H:%M:%S}"
            table.add_row(*cells(str(stop.channel or "every channel"), at, stop.actor, stop.reason))
        show(self.stdout, table if stops else "Nothing is stopped.")


def _actor() -> str:
    """How the record calls somebody at a shell."""
    return f"command:{getpass.getuser()}"[: BatchEvent._meta.get_field("actor").max_length]
