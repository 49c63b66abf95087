"""Ceilings of model calls and of what they cost: where one is reached the model is not asked, and rules decide."""

import logging
from decimal import Decimal

from django.db import transaction

from classification import ceilings, prices, usage
from classification.decision import EngineAttempt
from classification.engines.base import Endpoint, EngineError
from classification.models import Meter

log = logging.getLogger(__name__)

CEILING = "ceiling"
LEAST = Decimal("0.000001")  # of money: once all of it is used, not even that is left

_told: dict[tuple[str, str], object] = {}  # which ceiling, and the end of its period


def take(endpoint: Endpoint | None, channel_id: int | None) -> None:
    """Count a call of the channel's that is about to be made; None as the channel is nobody's.

    Raises EngineError with the code ceiling when there may be no more. Nothing is asked where there is no ceiling.
    """
    if endpoint is None or channel_id is None:
        return
    amounts: dict[str, Decimal] = {Meter.MODEL_CALLS: Decimal(1), Meter.MODEL_MONEY: LEAST}
    found = {count.key: (limit, count) for limit, count in ceilings.counts(channel_id, amounts)}
    if not found:
        return
    with transaction.atomic():
        refused = usage.take([count for _, count in found.values()])
    if refused:
        limit, count = found[refused[0].key]
        told = ceilings.in_words(limit)
        _tell_once(count, told)
        raise EngineError(CEILING, f"{told}, and no more until {count.until} UTC", model=endpoint.model)


def spent(attempt: EngineAttempt, channel_id: int | None) -> None:
    """Count what a call has cost, where that is limited and the model has a price."""
    amount = prices.cost([attempt]) if channel_id is not None else None
    if channel_id is None or not amount:
        return
    for _, count in ceilings.counts(channel_id, {Meter.MODEL_MONEY: amount}):
        usage.take([usage.Count(count.scope, count.what, count.until, amount)])


def _tell_once(count: usage.Count, told: str) -> None:
    """One line for each process and period is loud enough."""
    if _told.get(count.key) != count.until:
        _told[count.key] = count.until
        log.error("CEILING REACHED | %(ceiling)s | Until: %(until)s", {"ceiling": told, "until": count.until})
