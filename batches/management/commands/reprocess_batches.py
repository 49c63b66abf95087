"""`manage.py reprocess_batches`: pushes batches that are stuck, and says what it found and did."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track
from rich.table import Table

from batches.choices import BatchStatus
from batches.models import Batch
from batches.periods import duration
from batches.querysets import BatchQuerySet
from batches.reprocess import SKIPPED, Result, reprocess
from classification.terminal import cells, show

ACTOR = "command"


class Command(BaseCommand):
    help = (
        "Closes, queues again or sends again what is stuck: overdue, abandoned and failed batches, or those you name."
        " Safe beside a running cluster. A reply that may have left is sent again only with --resend-unknown."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--id", type=int, nargs="+", default=[], metavar="BATCH",
            help="these batches; with --status or --older-than those of them that fit",
        )  # fmt: skip
        parser.add_argument("--status", choices=BatchStatus.values, help="all batches in this status")
        parser.add_argument(
            "--older-than",
            type=duration,
            default=None,
            metavar="10m",
            help="stuck for at least so long (default: 1m)",
        )
        parser.add_argument(
            "--resend-unknown", type=int, nargs="+", default=[], metavar="BATCH",
            help="send the replies of these batches again although they may have left",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="only show what would be done")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *_args: Any, **options: Any) -> None:
        which = _which(options)
        ids = _chosen(options, which)
        results = [
            result
            for batch_id in track(
                ids, "Reprocessing", console=Console(stderr=True), disable=not _wants_bar(options)
            )
            for result in reprocess(
                [batch_id],
                actor=ACTOR,
                which=which,
                resend_unknown=batch_id in options["resend_unknown"],
                dry_run=options["dry_run"],
            )
        ]
        self._print(results, options)
        missing = [result.batch_id for result in results if not result.status]
        if missing:
            raise CommandError(f"no such batch: {', '.join(map(str, missing))}")

    def _print(self, results: Sequence[Result], options: dict[str, Any]) -> None:
        if options["json"]:
            document = {"dry_run": options["dry_run"], "batches": [asdict(result) for result in results]}
            self.stdout.write(json.dumps(document, indent=2))
        elif results:
            show(self.stdout, _table(results, options["dry_run"]))
        else:
            self.stdout.write("Nothing is stuck.")


def _which(options: dict[str, Any]) -> BatchQuerySet:
    """Those in the status, if one is given, and stuck for so long, if that is."""
    rows = Batch.objects.filter(status=options["status"]) if options["status"] else Batch.objects.all()
    return rows.stuck(options["older_than"]) if options["older_than"] else rows


def _chosen(options: dict[str, Any], which: BatchQuerySet) -> list[int]:
    """The named batches, whichever they are; else those of the status or age; else what is stuck."""
    named = [*options["id"], *options["resend_unknown"]]
    if named:
        return list(dict.fromkeys(named))
    if options["status"] == BatchStatus.COMPLETED and not options["dry_run"]:
        raise CommandError(
            "that would send every refused and held reply there ever was; look with --dry-run, then name them by --id"
        )
    narrowed = options["status"] or options["older_than"]
    rows = which if narrowed else which.stuck(timedelta(minutes=1))
    return list(rows.order_by("id").values_list("id", flat=True))


def _wants_bar(options: dict[str, Any]) -> bool:
    return Console(stderr=True).is_terminal and not options["json"]


def _table(results: Sequence[Result], dry_run: bool) -> Table:
    done = sum(result.action != SKIPPED for result in results)
    table = Table(title=f"{done} of {len(results)} batches {'would be ' if dry_run else ''}pushed")
    table.add_column("Batch", justify="right")
    for heading in ("Found", "Would be" if dry_run else "Done", "Because"):
        table.add_column(heading)
    for result in results:
        table.add_row(*cells(str(result.batch_id), result.status or "–", result.action, result.detail))
    return table
