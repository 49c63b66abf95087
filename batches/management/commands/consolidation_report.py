"""`manage.py consolidation_report`: what consolidation did in a period, and what it saved."""

import json
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.utils import timezone

from batches.management import named
from batches.periods import wall_time
from batches.replica import ReplicaAway
from batches.reporting import page, sheet, terminal
from batches.reporting.figures import Report
from batches.reporting.gathering import Period, gather, zone_of
from classification.terminal import show


class Command(BaseCommand):
    help = (
        "Tells what consolidation did with the conversations that began in a period (default: the last 24 hours):"
        " messages and conversations, who decided, how they ended, what it saved, how long it took, what went wrong,"
        " the busiest hours and the longest conversations, and what the adaptive window would have saved where that was"
        " tried. Numbers are masked in every format. html is one file that"
        " opens in a browser by itself. --bill reads every stored text again with the live rules and tells what the"
        " model would cost in four ways (see estimate_bill). docs/report.md explains each figure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=wall_time, metavar="24h", help="how long back, or from when on")
        parser.add_argument(
            "--from",
            type=wall_time,
            dest="start",
            metavar="TIME",
            help="from this day or time on (in the report's time zone, if it names none)",
        )
        parser.add_argument(
            "--to", type=wall_time, dest="end", metavar="TIME", help="before this time (default: now)"
        )
        parser.add_argument("--channel", metavar="C", help="of this channel alone")
        parser.add_argument("--format", choices=list(FORMATS), default="text", help="default: text")
        parser.add_argument(
            "--json", action="store_const", const="json", dest="format", help="the same as --format json"
        )
        parser.add_argument("--bill", action="store_true", help="the model's bill in four ways, too (slow)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["since"] and (options["start"] or options["end"]):
            raise CommandError("say --since, or --from and --to")
        try:
            report = gather(_period(options), bill=options["bill"])
        except ReplicaAway as problem:
            raise CommandError(str(problem)) from None
        FORMATS[options["format"]](report, self.stdout)


def _period(options: dict[str, Any]) -> Period:
    """As asked for; a time without a zone is meant as the report shows its times."""
    channel, now = named.channel(options["channel"]), timezone.now()
    zone = ZoneInfo(zone_of(channel))
    since = options["since"] or options["start"] or now - timedelta(hours=24)
    until = options["end"] or now
    since, until = (at if at.tzinfo else at.replace(tzinfo=zone) for at in (since, until))
    if since.astimezone(UTC) >= until.astimezone(UTC):
        raise CommandError("the period ends before it begins")
    return Period(since.astimezone(UTC), until.astimezone(UTC), channel)


def _text(report: Report, stdout: OutputWrapper) -> None:
    show(stdout, terminal.rendered(report))


def _json(report: Report, stdout: OutputWrapper) -> None:
    stdout.write(json.dumps(report.as_dict(), indent=2))


def _csv(report: Report, stdout: OutputWrapper) -> None:
    stdout.write(sheet.rendered(report), ending="")


def _html(report: Report, stdout: OutputWrapper) -> None:
    stdout.write(page.document(report))


FORMATS: dict[str, Callable[[Report, OutputWrapper], None]] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "html": _html,
}
