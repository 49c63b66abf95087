"""What a call cost, by the price table."""

import logging
import re
from collections.abc import Iterable
from decimal import Decimal
from time import monotonic
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

from classification.decision import EngineAttempt
from classification.models import Price

log = logging.getLogger(__name__)

# US dollars for a million tokens, in and out, as the provider lists them; they are there after every migrate.
LISTED = {"gpt-5.6-luna": ("0.20", "1.20"), "gpt-6-luna": ("0.10", "0")}
MILLION = 1_000_000
# Seconds for which a process believes what it has read.
BELIEVED = 60.0
# As providers date a model's variants: gpt-5.6-luna-2026-10-06, claude-20261006.
DATE = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")

PriceTable = dict[str, tuple[Decimal, Decimal]]

_read: list[tuple[float, PriceTable]] = []


def cost(attempts: Iterable[EngineAttempt]) -> Decimal | None:
    """US dollars for all attempts together; None when nothing was billed, or a model has no price."""
    costs = [_cost(attempt) for attempt in attempts if attempt.input_tokens is not None]
    known = [one for one in costs if one is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(costs) else None


def table() -> PriceTable:
    """Each model's prices, at most BELIEVED seconds old; while they cannot be read, those last known."""
    read_at, known = _read[0] if _read else (None, {})
    if read_at is not None and monotonic() - read_at < BELIEVED:
        return known
    try:
        rows = Price.objects.values_list("model", "input_per_million", "output_per_million")
        known = {model: (received, written) for model, received, written in rows}
        _read[:] = [(monotonic(), known)]
    except (DatabaseError, InterfaceError) as error:
        log.warning("The prices cannot be read: %(error)s", {"error": type(error).__name__})
    return known


def forget() -> None:
    """Read the table anew."""
    _read.clear()


def add_missing(using: str = "default", **_kwargs: Any) -> None:
    """The listed prices, for models that have none; those that an operator has set are left alone."""
    if Price._meta.db_table not in connections[using].introspection.table_names():
        return  # another application alone is being migrated
    for model, (received, written) in LISTED.items():
        prices = {"input_per_million": received, "output_per_million": written}
        Price.objects.using(using).get_or_create(model=model, defaults=prices)


def _cost(attempt: EngineAttempt) -> Decimal | None:
    known = table()
    price = known.get(attempt.model) or known.get(DATE.sub("", attempt.model))
    if price is None:
        return None
    received, written = price
    return (received * (attempt.input_tokens or 0) + written * (attempt.output_tokens or 0)) / MILLION
