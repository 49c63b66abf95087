"""`manage.py simulate_sms`: posts texts to the running webhook and tells what became of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from batches.choices import Outcome
from batches.management.numbers import between
from batches.models import Batch, Channel
from batches.simulation import files, following, posting, script
from batches.simulation.following import Followed
from batches.simulation.posting import Posted
from batches.simulation.script import Planned
from classification.csv_rows import BadFile
from classification.naming import name_of
from classification.terminal import cells, show

HARMLESS_SENDERS = ("console", "memory")
WENT_WRONG = (Outcome.REFUSED, Outcome.UNKNOWN, Outcome.UNDECIDED, Outcome.ERROR)


@dataclass(frozen=True)
class Report:
    """What was posted and what came of it."""

    url: str
    posted: list[Posted]
    batches: list[Followed]
    missing: list[str]

    @property
    def problems(self) -> list[str]:
        refused = [f"{one.planned.origin}: {one.problem}" for one in self.posted if one.problem]
        lost = [
            f"GUID {guid} was accepted but is not in this database: does the server use the same DATABASE_URL?"
            for guid in self.missing
        ]
        return refused + lost + [problem for batch in self.batches if (problem := _problem(batch))]

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": not self.problems,
            "url": self.url,
            "posted": len(self.posted),
            "accepted": sum(not one.problem and not one.duplicate for one in self.posted),
            "duplicates": sum(one.duplicate for one in self.posted),
            "batches": [asdict(batch) for batch in self.batches],
            "problems": self.problems,
        }


class Command(BaseCommand):
    help = (
        "Posts texts to the running webhook, waits until they are answered and shows what became of each conversation."
        " Without arguments: one person who writes three texts. Needs the server's DATABASE_URL."
        " The exit code is 1 when anything went wrong."
    )

    requires_system_checks: list[str] = []  # the server has told what is odd about the settings

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help=f"CSV with a header, or JSON lines: {files.FIELDS}"
        )
        parser.add_argument(
            "--url", help="the webhook (default: this machine's, with HTTPS=true by its public name)"
        )
        parser.add_argument(
            "--token", help="for the webhook (default: WEBHOOK_TOKEN); not needed when --url has it"
        )
        parser.add_argument(
            "--senders", type=between(int, 1, 10_000), metavar="N", help="people who write (default: 1)"
        )
        parser.add_argument(
            "--burst", type=between(int, 1, 500), metavar="M", help="texts of each (default: 3)"
        )
        parser.add_argument(
            "--duplicates", action="store_true", help="post some messages twice, as providers do"
        )
        parser.add_argument(
            "--seed", type=int, metavar="N", help="the same numbers, pauses and repeats every time"
        )
        parser.add_argument(
            "--speed",
            type=between(float, 0.01, 1000),
            default=1,
            metavar="X",
            help="2 halves the pauses (default: 1)",
        )
        parser.add_argument(
            "--timeout",
            type=between(float, 0, 86_400),
            default=60,
            metavar="S",
            help="seconds to wait after the window (default: 60)",
        )
        parser.add_argument(
            "--send-real-replies", action="store_true", help="go on although replies would leave as real SMS"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")

    def handle(self, *_args: Any, **options: Any) -> None:
        url = options["url"] or f"{_own_address()}/api/webhook/sms-received"
        try:
            webhook = posting.Webhook(url, options["token"] or settings.WEBHOOK_TOKEN)
            channel = Channel.objects.filter(slug=webhook.channel).first() or Channel(slug=webhook.channel)
            _refuse_real_replies(channel, options["send_real_replies"])
            plan = _plan(options, channel.window)
            posting.check(webhook)
            report = _run(webhook, plan, options)
        except (BadFile, posting.NotRunning) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"DATABASE_URL: the server's database cannot be read: {error}") from None
        self._print(report, options["json"])
        if report.problems:
            raise CommandError("\n  ".join(["Something went wrong:", *report.problems]))

    def _print(self, report: Report, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
            return
        show(self.stdout, _table(report))


def _own_address() -> str:
    """With HTTPS the proxy's: behind it are two releases on ports of their own, which send others on to HTTPS."""
    return settings.SITE_URL if settings.ENV.https else f"http://127.0.0.1:{settings.ENV.port}"


def _refuse_real_replies(channel: Channel, allowed: bool) -> None:
    """Invented numbers may belong to somebody."""
    provider = channel.provider or settings.SMS_SENDER
    if channel.replies_enabled and provider not in HARMLESS_SENDERS and not allowed:
        where = f"channel {channel}" if channel.provider else "SMS_SENDER"
        raise CommandError(
            f"{provider} ({where}) would send real SMS to these numbers."
            " Choose console there, or go on with --send-real-replies."
        )


def _plan(options: dict[str, Any], window: int) -> list[Planned]:
    """What is posted when; `window` is the channel's, in seconds."""
    rng = Random(options["seed"])  # noqa: S311  a simulation is no secret  # nosec B311
    if options["file"] is None:
        plan = script.bursts(
            options["senders"] or 1, options["burst"] or 3, window, rng, partial(_new_number, rng), _new_guid
        )
    elif options["senders"] or options["burst"]:
        raise CommandError(
            "--senders and --burst are for an invented burst; a file says itself who writes what"
        )
    else:
        plan = files.load(options["file"], _new_guid)
    return script.faster(script.repeated(plan, rng) if options["duplicates"] else plan, options["speed"])


def _new_number(rng: Random) -> str:
    """A Philippine mobile number that has never written to us."""
    while True:
        number = f"+63917{rng.randrange(10**7):07}"
        if not Batch.objects.filter(sender=number).exists():
            return number


def _new_guid() -> str:
    return f"sim-{uuid4().hex}"


def _run(webhook: posting.Webhook, plan: Sequence[Planned], options: dict[str, Any]) -> Report:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal or options["json"]) as bar:
        posting_bar = bar.add_task("Posting", total=len(plan))
        posted = posting.post_all(webhook, plan, lambda _: bar.advance(posting_bar))
        batches, missing = following.batches_of(
            webhook.channel, [one.planned.guid for one in posted if not one.problem]
        )
        settling = bar.add_task("Settled", total=len(batches))
        following.wait(batches, options["timeout"], lambda count: bar.update(settling, completed=count))
    return Report(str(webhook), posted, following.outcomes(batches), missing)


def _problem(batch: Followed) -> str:
    if not batch.settled:
        return (
            f"batch {batch.batch} of {batch.sender} is still {batch.status}: are worker and sweeper running?"
        )
    if batch.outcome in WENT_WRONG:
        return f"batch {batch.batch} of {batch.sender}: {Outcome(batch.outcome).label}. {batch.reason}"
    return ""


def _table(report: Report) -> Table:
    totals = report.as_dict()
    caption = "{posted} posted, {accepted} accepted, {duplicates} ignored as repeats".format(**totals)
    table = Table(title=f"{len(report.batches)} batch(es)", caption=caption)
    for heading in ("Sender", "Messages", "Batch", "Label", "Outcome", "Reply", "Seconds"):
        table.add_column(heading, justify="right" if heading in ("Messages", "Batch", "Seconds") else "left")
    for batch in report.batches:
        table.add_row(*cells(*_told(batch)))
    return table


def _told(batch: Followed) -> list[str]:
    """What stands in its row."""
    label = f"{name_of(batch.label)} ({batch.engine or 'no engine'})" if batch.label else "–"
    outcome = Outcome(batch.outcome).label if batch.outcome else batch.status
    seconds = "–" if batch.seconds is None else f"{batch.seconds:.1f}"
    return [batch.sender, str(batch.messages), str(batch.batch), label, outcome, batch.reply or "–", seconds]
