"""`manage.py consolidation_report`: what consolidation did in a period, and what it saved."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.utils import timezone
from rich.console import Group
from rich.table import Table

from batches import billing_table
from batches.choices import BatchStatus, Outcome
from batches.consolidation import Report, consolidation
from batches.models import Channel
from batches.periods import moment
from classification.terminal import show
from replies.models import ReplyKind, ReplyStatus


class Command(BaseCommand):
    help = (
        "Tells what consolidation did with the batches that were opened in a period (default: the last 24 hours):"
        " messages and conversations, verdicts by engine, replies by outcome, and what the model would cost in four"
        " ways (see estimate_bill; the live rules read every conversation again, no model is asked). JSON: from, to,"
        " channel, batches, messages, messages_per_batch, verdicts.ENGINE, labels.LABEL, outcomes.OUTCOME (of unsettled"
        " batches the status), replies.KIND.STATUS, errors.CODE, model_calls and cost (US dollars) as recorded, and"
        " bill.{messages, conversations (whose texts are still stored), model, tokens_from, lines} as estimate_bill"
        " tells it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, metavar="24h", help="how long back, or from when on")
        parser.add_argument(
            "--from", type=moment, dest="start", metavar="TIME", help="from this time on (UTC)"
        )
        parser.add_argument(
            "--to", type=moment, dest="end", metavar="TIME", help="before this time (default: now)"
        )
        parser.add_argument("--channel", metavar="C", help="of this channel alone")
        parser.add_argument("--format", choices=list(FORMATS), default="text", help="text (tables) or json")
        parser.add_argument(
            "--json", action="store_const", const="json", dest="format", help="the same as --format json"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["since"] and (options["start"] or options["end"]):
            raise CommandError("say --since, or --from and --to")
        now = timezone.now()
        since = options["since"] or options["start"] or now - timedelta(hours=24)
        until = options["end"] or now
        if since >= until:
            raise CommandError("the period ends before it begins")
        report = consolidation(since, until, _channel(options["channel"]))
        FORMATS[options["format"]](report, self.stdout)


def _channel(slug: str | None) -> Channel | None:
    if not slug:
        return None
    channel = Channel.objects.filter(slug=slug).first()
    if channel is None:
        raise CommandError(f"there is no channel {slug!r}")
    return channel


def _text(report: Report, stdout: OutputWrapper) -> None:
    facts = Table(
        title=f"{report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC", show_header=False
    )
    facts.add_column()
    facts.add_column(justify="right")
    for name, value in _facts(report):
        facts.add_row(name, value)
    kinds = [
        _counted(f"Replies: {ReplyKind(kind).label.lower()}", counts, dict(ReplyStatus.choices))
        for kind, counts in sorted(report.replies.items())
    ]
    tables = [
        facts,
        _counted("Verdicts by engine", report.verdicts),
        _counted("Labels", report.labels),
        _counted(
            "Conversations by outcome", report.outcomes, dict(Outcome.choices) | dict(BatchStatus.choices)
        ),
        *kinds,
        _counted("Errors of engines", report.errors),
        billing_table.table(report.bill),
    ]
    show(stdout, Group(*(table for table in tables if table.row_count)))


def _facts(report: Report) -> list[tuple[str, str]]:
    return [
        ("Channel", report.channel or "all"),
        ("Messages", f"{report.messages:,}"),
        ("Conversations", f"{report.batches:,}"),
        ("Messages in a conversation", f"{report.messages_per_batch:.2f}"),
        ("Model calls, as recorded", f"{report.calls:,}"),
        ("Cost, as recorded", f"${report.paid:.4f}"),
    ]


def _counted(title: str, counts: Counter[str], names: Mapping[str, str] | None = None) -> Table:
    """The most frequent first."""
    table = Table(title=title, show_header=False, min_width=40)
    table.add_column()
    table.add_column(justify="right")
    for key, count in counts.most_common():
        table.add_row((names or {}).get(key, key), f"{count:,}")
    return table


def _json(report: Report, stdout: OutputWrapper) -> None:
    stdout.write(json.dumps(report.as_dict(), indent=2))


FORMATS: dict[str, Callable[[Report, OutputWrapper], None]] = {"text": _text, "json": _json}
