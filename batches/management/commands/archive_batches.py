"""`manage.py archive_batches`: takes old conversations out of the database into files, or puts such files back."""

import json
from argparse import ArgumentTypeError
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from batches.management import named
from batches.periods import duration
from batches.retention.archiving import TABLES, ArchiveError, archive, due, files_of, restore
from classification.terminal import show

LEAST = timedelta(days=30)  # no gateway repeats a message after that


def span(text: str) -> timedelta:
    """As periods.duration, but LEAST at least."""
    length = duration(text)
    if length < LEAST:
        raise ArgumentTypeError(f"the last {LEAST.days} days stay: their GUIDs tell what a gateway repeats")
    return length


def _refuse(options: dict[str, Any]) -> None:
    if connection.vendor != "postgresql":
        raise CommandError("archiving is for PostgreSQL; DATABASE_URL names another database")
    if options["older_than"] and not options["to"]:
        raise CommandError("--older-than goes with --to DIR")
    if options["restore"] and (options["to"] or options["channel"] or options["dry_run"]):
        raise CommandError("--restore puts back all that its files hold: no --to, --channel or --dry-run")


def _title(options: dict[str, Any]) -> str:
    if options["restore"]:
        return "Put back"
    return "Would be archived" if options["dry_run"] else "Archived"


class Command(BaseCommand):
    help = (
        "Moves settled conversations that began longer ago, with all rows that hang on them, into compressed files"
        " (JSON, one row a line, with counts and a checksum beside each), some at a time in one short transaction:"
        " rows go only when the file was read again. It can run beside the service and be stopped at any time; run it"
        " again to go on. Conversations on which consent, a correction or another conversation hangs stay."
        " --restore puts files back. For PostgreSQL. docs/scaling.md tells what an archived conversation is missed by."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--older-than", type=span, metavar="400d", help="30d at least")
        what.add_argument(
            "--restore",
            type=Path,
            nargs="+",
            metavar="PATH",
            help="put these files back, or all of a directory",
        )
        parser.add_argument("--to", type=Path, metavar="DIR", help="where the files go")
        parser.add_argument("--channel", metavar="C", help="of this channel alone")
        parser.add_argument("--dry-run", action="store_true", help="only count the conversations")
        parser.add_argument("--json", action="store_true", help="one document for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        _refuse(options)
        try:
            counts = self._restore(options) if options["restore"] else self._archive(options)
        except (ArchiveError, OSError) as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], "rows": dict(counts)}, indent=2))
        else:
            self._print(_title(options), counts)

    def _print(self, title: str, counts: Counter[str]) -> None:
        if not counts.total():
            self.stdout.write(f"{title}: nothing")
            return
        table = Table("Table", title=title, title_justify="left")
        table.add_column("Rows", justify="right")
        for name in TABLES:
            if name in counts:
                table.add_row(name, f"{counts[name]:,}")
        show(self.stdout, table)

    def _archive(self, options: dict[str, Any]) -> Counter[str]:
        rows = due(timezone.now() - options["older_than"], named.channel(options["channel"]))
        total, counts = rows.count(), Counter[str]()
        if options["dry_run"]:
            return Counter({"batches_batch": total})
        console = Console(stderr=True)
        columns = (TextColumn("Archiving"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal or options["json"]) as bar:
            task = bar.add_task("", total=total)
            for moved in archive(rows, options["to"]):
                counts += moved
                bar.update(task, completed=counts["batches_batch"])
        return counts

    def _restore(self, options: dict[str, Any]) -> Counter[str]:
        counts = Counter[str]()
        for file in dict.fromkeys(file for path in options["restore"] for file in files_of(path)):
            back, gone = restore(file)
            counts += back
            for column in sorted(gone):
                self.stderr.write(f"{file}: {column} is no more; what the file has of it stays in the file")
        return counts
