"""`manage.py replay`: what verdicts would have been with another rule set or model."""

import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track
from rich.table import Table

from batches import replica
from batches.management import named
from batches.management.numbers import between
from batches.models import Batch
from batches.periods import moment
from batches.querysets import BatchQuerySet
from batches.replaying import Replayed, chosen, replay, summary
from classification.evaluation import running
from classification.management.named import ruleset
from classification.rulesets.live import Live
from classification.terminal import cells, show

SHOWN = 100  # changes in the table; JSON has them all
EXCERPT = 60  # characters
MOST = 1_000_000_000  # conversations that --limit may name


class Command(BaseCommand):
    help = (
        "Reads recorded conversations again with another published rule set (--ruleset) or another model (--model, with"
        " the key and address of the settings) and tells which labels would change and what it would cost. Texts that"
        " are commands (STOP, START, HELP) are left out: no engine decides them. Nothing is written and nothing is"
        " sent; a model is really asked, and really costs. JSON: batches, changed, swaps"
        " (agreement become refusal or the reverse), decided_now (nobody could decide then), failed.CODE, cost and"
        " cost_then (US dollars; cost is null where no price is known), changes[].{batch,text,was,engine,would_be}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=moment, required=True, metavar="7d", help="opened since, e.g. 7d or 2026-11-01"
        )
        parser.add_argument("--until", type=moment, metavar="TIME", help="opened before")
        parser.add_argument("--channel", metavar="C", help="of this channel alone")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--ruleset", type=int, metavar="N", help="a published rule set")
        who.add_argument("--model", metavar="M", help="a model's name")
        parser.add_argument(
            "--kind", choices=running.KINDS, default="", help="the model's protocol (default: OPENAI_KIND)"
        )
        parser.add_argument(
            "--limit", type=between(int, 1, MOST), metavar="N", help="at most so many, the newest"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["kind"] and not options["model"]:
            raise CommandError("--kind goes with --model")
        rules = ruleset(options["ruleset"])
        try:
            with replica.asked():
                replayed = _replay(chosen(_batches(options), options["limit"]), options, rules)
        except replica.ReplicaAway as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            document = {**summary(replayed), "changes": [_change(one) for one in replayed if one.changed]}
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            show(self.stdout, _table(replayed))
        if failed := sum(bool(one.answer.failure) for one in replayed):
            raise CommandError(f"{failed} of {len(replayed)} conversations got no verdict")


def _batches(options: dict[str, Any]) -> BatchQuerySet:
    rows = Batch.objects.filter(opened_at__gte=options["since"])
    if options["until"]:
        rows = rows.filter(opened_at__lt=options["until"])
    if channel := named.channel(options["channel"]):
        rows = rows.filter(channel=channel)
    return rows


def _replay(ids: Sequence[int], options: dict[str, Any], rules: Live) -> list[Replayed]:
    console = Console(stderr=True)
    silent = options["json"] or not console.is_terminal
    model = options["model"]
    try:
        with running.asking(model, options["kind"]) if model else nullcontext():
            read = running.reader("openai" if model else "rules", rules)
            rows = replay(ids, read, rules)
            return list(track(rows, "Reading", total=len(ids), console=console, disable=silent))
    except running.EngineAway as problem:
        raise CommandError(f"{model}: {problem}") from None


def _change(one: Replayed) -> dict[str, Any]:
    return {
        "batch": one.batch_id,
        "text": one.text,
        "was": one.was,
        "engine": one.engine,
        "would_be": one.answer.label,
    }


def _table(replayed: Sequence[Replayed]) -> Table:
    told = summary(replayed)
    changes = [one for one in replayed if one.changed]
    title = f"{told['changed']} of {told['batches']} labels would change, {told['swaps']} of them swapped"
    money = f"It would cost {_dollars(told['cost'])}, and did cost {_dollars(told['cost_then'])}."
    table = Table(title=title, caption=money if len(changes) <= SHOWN else f"The first {SHOWN}. {money}")
    table.add_column("Batch", justify="right")
    for heading in ("Text", "Was", "By", "Would be"):
        table.add_column(heading)
    for one in changes[:SHOWN]:
        row = (str(one.batch_id), _excerpt(one.text), one.was, one.engine or "nobody", one.answer.label)
        table.add_row(*cells(*row), style="red" if one.swapped else "")
    return table


def _excerpt(text: str) -> str:
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}…"


def _dollars(cost: float | None) -> str:
    return "an unknown sum (no price for the model)" if cost is None else f"${cost:.4f}"
