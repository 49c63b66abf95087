"""What verdicts would have been with another rule set or model: recorded conversations are read again, nothing else.

Nothing is written, nothing is sent; conversations are read from the replica where there is one. What is compared is the
engine's own verdict with the label that was recorded, which may have been another engine's, or a safe one where there
was doubt.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import tee
from typing import Any

from django.conf import settings

from batches.models import Batch
from batches.querysets import BatchQuerySet
from classification.evaluation.running import Answer, Reader, read_all
from classification.labels import Label, Meaning, Said
from classification.rulesets.live import Live, live

CHUNK = 200  # conversations read from the database at once


@dataclass(frozen=True)
class Replayed:
    """One conversation: what was recorded, by whom, what it cost (US dollars), and what would be."""

    batch_id: int
    text: str
    was: str
    engine: str
    cost: Decimal | None
    answer: Answer
    swapped: bool

    @property
    def changed(self) -> bool:
        return self.was != self.answer.label and not self.answer.failure


def chosen(rows: BatchQuerySet, limit: int | None) -> list[int]:
    """Those of `rows` that got a verdict, at most the newest `limit`, the oldest first.

    Not those that hold nothing but a command (STOP): no engine was asked what it means, and none is to be.
    """
    read = rows.using(settings.REPORT_DATABASE).exclude(label__in=["", *Said.values])
    return sorted(read.order_by("-id").values_list("id", flat=True)[:limit])


def replay(ids: Sequence[int], read: Reader, rules: Live) -> Iterator[Replayed]:
    """Read these batches again, one after the other; one whose texts are stored no more is left out.

    Raises running.EngineAway when the engine fails too often in a row.
    """
    told, again = tee(_recorded(ids))
    answers = read_all(read, ((one.texts, one.question) for one in again))
    for one, answer in zip(told, answers, strict=True):
        text, swapped = "\n".join(one.texts), _swapped(one.was, answer.label, rules)
        yield Replayed(one.batch_id, text, one.was, one.engine, one.cost, answer, swapped)


@dataclass(frozen=True)
class _Told:
    batch_id: int
    texts: list[str]
    question: str
    was: str
    engine: str
    cost: Decimal | None


def _recorded(ids: Sequence[int]) -> Iterator[_Told]:
    for start in range(0, len(ids), CHUNK):
        some = Batch.objects.using(settings.REPORT_DATABASE).filter(id__in=ids[start : start + CHUNK])
        for batch in some.order_by("id").prefetch_related("messages", "classifications"):
            texts = [message.text for message in batch.messages.all()]
            if texts and not batch.purged_at:
                yield _told(batch, texts)


def _told(batch: Batch, texts: list[str]) -> _Told:
    verdicts = list(batch.classifications.all())
    newest = verdicts[0] if verdicts else None
    costs = [verdict.cost for verdict in verdicts if verdict.cost is not None]
    return _Told(
        batch.id,
        texts,
        newest.question if newest else "",
        batch.label,
        newest.engine if newest else "",
        sum(costs, Decimal(0)) if costs else None,
    )


def _swapped(was: str, is_now: str, rules: Live) -> bool:
    """Whether an agreement became a refusal or the reverse, by what the labels count as."""
    return {live().counts_as(was), rules.counts_as(is_now)} == {Meaning.AGREE, Meaning.DISAGREE}


def summary(replayed: Sequence[Replayed]) -> dict[str, Any]:
    """For machines, and for the table's foot. `cost` is what it would have been, `cost_then` what it was."""
    failures = [one.answer.failure for one in replayed if one.answer.failure]
    return {
        "batches": len(replayed),
        "changed": sum(one.changed for one in replayed),
        "swaps": sum(one.swapped for one in replayed),
        "decided_now": sum(one.was == Label.UNDECIDED and one.changed for one in replayed),
        "failed": {code: failures.count(code) for code in sorted(set(failures))},
        "cost": _total(one.answer.cost for one in replayed),
        "cost_then": _total(one.cost or Decimal(0) for one in replayed),
    }


def _total(costs: Iterable[Decimal | None]) -> float | None:
    """None as soon as one of them is not known."""
    found = list(costs)
    return None if None in found else float(sum((cost for cost in found if cost is not None), Decimal(0)))
