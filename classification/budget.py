"""Ceilings of model calls and of what they cost: where one is reached the model is not asked, and rules decide."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from django.db import Error, transaction

from classification import ceilings, prices, usage
from classification.decision import CEILING, CIRCUIT_OPEN, EngineAttempt
from classification.engines.base import Endpoint, EngineError
from classification.models import Meter

log = logging.getLogger(__name__)

LEAST = Decimal("0.000001")  # of money: once all of it is used, not even that is left

_told: dict[tuple[str, str], object] = {}  # which ceiling, and the end of its period


@contextmanager
def counted(endpoint: Endpoint | None, channel_id: int | None) -> Iterator[None]:
    """Run the block, which makes a call of the channel's, and count it; None as the channel is nobody's.

    Raises EngineError with the code ceiling, and does not run it, when there may be no more. It is counted first, as a
    refusal inside the circuit would be an answer to it; so what the circuit keeps back is taken off again: else an
    outage would use up the calls of the day.
    """
    taken = _take(endpoint, channel_id)
    try:
        yield
    except EngineError as error:
        if error.code == CIRCUIT_OPEN:
            _give_back(taken)
        raise


def _take(endpoint: Endpoint | None, channel_id: int | None) -> Sequence[usage.Count]:
    """Count a call, and give what was counted. Nothing is asked where there is no ceiling."""
    if endpoint is None or channel_id is None:
        return []
    amounts: dict[str, Decimal] = {Meter.MODEL_CALLS: Decimal(1), Meter.MODEL_MONEY: LEAST}
    found = {count.key: (limit, count) for limit, count in ceilings.counts(channel_id, amounts)}
    if not found:
        return []
    counts = [count for _, count in found.values()]
    with transaction.atomic():
        refused = usage.take(counts)
    if refused:
        limit, count = found[refused[0].key]
        told = ceilings.in_words(limit)
        _tell_once(count, told)
        raise EngineError(
            CEILING, f"{told}, and no more until {usage.end_of(count.until)} UTC", model=endpoint.model
        )
    return counts


def _give_back(counts: Sequence[usage.Count]) -> None:
    """Take a call off again that was not made; the next engine decides all the same where that cannot be done."""
    try:
        with transaction.atomic():
            usage.give_back(sorted(counts, key=lambda count: count.key))
    except Error as error:
        log.warning(
            "A model call that was not made stays counted: %(error)s", {"error": type(error).__name__}
        )


def spent(attempt: EngineAttempt, channel_id: int | None) -> None:
    """Count what a call has cost, where that is limited and the model has a price."""
    amount = prices.cost([attempt]) if channel_id is not None else None
    if channel_id is None or not amount:
        return
    for _, count in ceilings.counts(channel_id, {Meter.MODEL_MONEY: amount}):
        usage.take([usage.Count(count.scope, count.what, count.until, amount)])


def _tell_once(count: usage.Count, told: str) -> None:
    """One line for each process and period is loud enough."""
    until = usage.end_of(count.until)
    if _told.get(count.key) != until:
        _told[count.key] = until
        log.error("CEILING REACHED | %(ceiling)s | Until: %(until)s", {"ceiling": told, "until": until})
