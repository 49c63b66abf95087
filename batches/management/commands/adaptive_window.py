"""`manage.py adaptive_window`: what the adaptive window would save, before it is turned on."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from batches.models import Channel
from batches.periods import moment
from batches.reporting.windows import table, windows
from classification.terminal import show


class Command(BaseCommand):
    help = (
        "Tells what ADAPTIVE_WINDOW=on would have done with the batches opened in a period (default: the last 7 days),"
        " from what ADAPTIVE_WINDOW=shadow has recorded with each. JSON: from, to, channel, batches, ended_early,"
        " saved_seconds_median, saved_seconds_total, cut_short (would have ended before everything was written),"
        " messages_left_out, extended, joined (and the rest came), moved (really, where it is on)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, metavar="7d", help="how long back, or from when on")
        parser.add_argument("--channel", metavar="C", help="of this channel alone")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        slug = options["channel"]
        channel = Channel.objects.filter(slug=slug).first() if slug else None
        if slug and channel is None:
            raise CommandError(f"there is no channel {slug!r}")
        found = windows(options["since"] or now - timedelta(days=7), now, channel)
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), indent=2))
            return
        show(self.stdout, table(found))
        if not found.batches and settings.ADAPTIVE_WINDOW == "off":
            self.stdout.write("Nothing is recorded while ADAPTIVE_WINDOW is off: set it to shadow.")
