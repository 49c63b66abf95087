"""`manage.py purge_messages`: empties texts that are older than they are to be kept."""

import json
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from batches.management import named
from batches.models import Channel
from batches.periods import duration
from batches.retention.purging import cutoff, due, purge, purge_beside
from classification.terminal import show

COUNTED = ("batches", "messages", "rejected", "spooled")


def span(text: str) -> timedelta:
    """As periods.duration, and nothing that may still be going on."""
    length = duration(text)
    if length < timedelta(hours=1):
        raise ArgumentTypeError("conversations of the last hour may still be going on; say 1h or more")
    return length


class Command(BaseCommand):
    help = (
        "Empties texts, raw payloads and all copies of them (replies, traces, corrections, providers' answers, rejected"
        " deliveries, what this machine's spool has set aside) of settled conversations that are older than they are"
        " to be kept: each channel's own days, else MESSAGE_KEEP_DAYS; --older-than overrides both. Counts, times,"
        " labels, outcomes and numbers stay. It can run beside the service and be stopped at any time; run it again"
        " to go on. Exit status 1 where something could not be purged. docs/retention.md names every field."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=span, metavar="90d", help="like 12h or 90d; 1h at least")
        parser.add_argument("--channel", metavar="C", help="of this channel alone")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="one document for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        now, done, left = timezone.now(), list[dict[str, Any]](), 0
        for channel in _channels(options["channel"]):
            before = now - options["older_than"] if options["older_than"] else cutoff(channel, now)
            counts = dict.fromkeys(COUNTED, 0)
            if before:
                counts |= purge_beside(channel, before, dry_run=options["dry_run"])
            if before and channel:
                counts |= _counted(channel, before)
            if before and channel and not options["dry_run"]:
                purged = self._purge(channel, before, counts["batches"], options)
                left += counts["batches"] - purged
                counts["batches"] = purged
            when = before.isoformat(timespec="seconds") if before else None
            done.append({"channel": channel and channel.slug, "before": when, **counts})
        self._tell(done, options)
        if left > 0:
            raise CommandError(f"{left} conversations are in somebody's hands: run it again")

    def _purge(self, channel: Channel, before: datetime, total: int, options: dict[str, Any]) -> int:
        console = Console(stderr=True)
        columns = (TextColumn(channel.slug), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        hidden, purged = not console.is_terminal or options["json"], 0
        with Progress(*columns, console=console, disable=hidden) as bar:
            task = bar.add_task("", total=total)
            for count in purge(channel, before):
                purged += count
                bar.update(task, completed=purged)
        return purged

    def _tell(self, done: list[dict[str, Any]], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], "channels": done}, indent=2))
            return
        table = Table(title="Would be purged" if options["dry_run"] else "Purged", title_justify="left")
        for name in ("Channel", "Begun before (UTC)", "Conversations", "Messages", "Rejected", "Spooled"):
            table.add_column(name, justify="left" if name.startswith(("Ch", "Be")) else "right")
        for one in done:
            counts = (f"{one[name]:,}" for name in COUNTED)
            table.add_row(one["channel"] or "of no channel", one["before"] or "kept for ever", *counts)
        show(self.stdout, table)


def _channels(slug: str | None) -> list[Channel | None]:
    """The one that was named; else all, and None for what belongs to none."""
    one = named.channel(slug)
    return [one] if one else [*Channel.objects.order_by("slug"), None]


def _counted(channel: Channel, before: datetime) -> dict[str, int]:
    rows = due(channel, before)
    messages = rows.aggregate(total=Sum("message_count"))["total"] or 0
    return {"batches": rows.count(), "messages": messages}
