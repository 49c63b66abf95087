"""`manage.py erase_number`: takes one number out of the record because its holder asks for it."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from batches.retention.erasing import Ambiguous, Traces, erase, traces
from batches.spool import SpoolUnavailable
from classification.pseudonym import pseudonym
from classification.terminal import show

WORDS = {
    "batches": "Conversations",
    "messages": "Messages in them",
    "consents": "Rows of the consent ledger",
    "preferences": "Preferences",
    "rejected": "Rejected deliveries that quote it",
    "takeovers": "Conversations that a person took over",
    "counted": "Mutes, and counts against limits",
    "logged": "Entries of the admin's log",
    "spooled": "Set aside in this machine's spool",
    "open": "Not settled yet, or waiting in the spool: not erased",
}


class Command(BaseCommand):
    help = (
        "Takes one number out of the record: its texts are emptied, and the number itself is replaced by a keyed"
        " pseudonym, so that counts stay right. An opt-out stays in force under the pseudonym. It cannot be undone."
        " Exit status 1 where a conversation is not settled yet: run it again. docs/retention.md tells what it does"
        " not reach (log files, backups, the provider, other machines' spools)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "number", help="in any spelling; with its country where that is not the channel's"
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what there is")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="one document for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = traces(options["number"])
            self._tell(found, options)
            if options["dry_run"]:
                return
            if found.found:
                self._confirm(options)
                for _ in erase(found):
                    pass
        except (Ambiguous, SpoolUnavailable) as problem:
            raise CommandError(str(problem)) from None
        if left := traces(options["number"]).open:
            raise CommandError(f"{left} are not settled yet: run it again when they are")

    def _confirm(self, options: dict[str, Any]) -> None:
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise CommandError("nothing was erased: say --yes where nobody can be asked")
        if input("Erase all of this for good? [y/N] ").strip().lower() != "y":
            raise CommandError("nothing was erased")

    def _tell(self, found: Traces, options: dict[str, Any]) -> None:
        told = found.as_dict()
        if options["json"]:
            document = {"dry_run": options["dry_run"], "pseudonym": pseudonym(found.number), **told}
            self.stdout.write(json.dumps(document, indent=2))
            return
        table = Table(title=f"{found.number}, to be called {pseudonym(found.number)}", title_justify="left")
        table.add_column("")
        table.add_column("Count", justify="right")
        for name, words in WORDS.items():
            table.add_row(words, f"{told[name]:,}")
        show(self.stdout, table)
