"""`manage.py estimate_bill`: what a model would cost for messages from a file, with and without consolidation."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from batches import billing_table
from batches.bill import Bill, consolidated
from batches.management.numbers import between
from classification.csv_rows import BadFile, rows
from classification.rulesets.live import live
from classification.terminal import show


class Command(BaseCommand):
    help = (
        "Counts model calls, tokens and cost for the messages of FILE.csv (columns sender, time, text; ISO times) in"
        " four ways: one call a message; one call a window; the live rules first and the model where they are not sure;"
        " and that with repeated short texts answered from memory. Asks no model. Tokens are the average of recorded"
        " calls to OPENAI_MODEL where there are enough, else estimated at four characters each. A sample:"
        " batches/samples/clinic.csv. JSON: file, window (seconds), messages, senders, conversations, model,"
        " tokens_from (recorded or estimate), lines[].{name (each_message, window, rules_first, memory), calls, fewer"
        " (share saved against one a message), calls_per_1000_messages, input_tokens, output_tokens, cost,"
        " cost_per_1000_messages (US dollars; null without a price)}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="columns: sender, time, text")
        parser.add_argument(
            "--window",
            type=between(int, 1, 86_400),
            metavar="S",
            help="seconds (default: CONSOLIDATION_WINDOW)",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *_args: Any, **options: Any) -> None:
        window = options["window"] or settings.CONSOLIDATION_WINDOW
        try:
            messages = [
                _message(number, row) for number, row in rows(options["file"], ("sender", "time", "text"))
            ]
        except BadFile as problem:
            raise CommandError(str(problem)) from None
        bill = Bill(live())
        for texts in consolidated(messages, timedelta(seconds=window)):
            bill.add(texts)
        if options["json"]:
            document = {
                "file": str(options["file"]),
                "window": window,
                "senders": len({sender for sender, _, _ in messages}),
                **bill.as_dict(),
            }
            self.stdout.write(json.dumps(document, indent=2))
            return
        show(self.stdout, billing_table.table(bill))


def _message(number: int, row: dict[str, str]) -> tuple[str, datetime, str]:
    if not row["sender"].strip():
        raise BadFile(f"row {number}: has no sender")
    try:
        at = datetime.fromisoformat(row["time"])
    except ValueError:
        raise BadFile(f"row {number}: {row['time']!r} is no ISO time like 2026-03-02T08:30:00") from None
    return row["sender"].strip(), at if at.tzinfo else at.replace(tzinfo=UTC), row["text"]
