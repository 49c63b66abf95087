"""What a call cost, by the price table."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import connections

from classification.believed import believed
from classification.decision import EngineAttempt
from classification.models import Price

# US dollars for a million tokens, in and out, as the provider lists them; they are there after every migrate.
LISTED = {"gpt-5.6-luna": ("0.20", "1.20"), "gpt-6-luna": ("0.10", "0")}
MILLION = 1_000_000
# Seconds for which a process believes what it has read.
BELIEVED = 60.0
# As providers date a model's variants: gpt-5.6-luna-2026-10-06, claude-20261006.
DATE = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")

PriceTable = Mapping[str, tuple[Decimal, Decimal]]
NO_PRICES: PriceTable = {}


def cost(attempts: Iterable[EngineAttempt]) -> Decimal | None:
    """US dollars for all attempts together; None when nothing was billed, or a model has no price."""
    costs = [_cost(attempt) for attempt in attempts if attempt.input_tokens is not None]
    known = [one for one in costs if one is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(costs) else None


@believed("The prices", BELIEVED, unknown=NO_PRICES)
def table() -> PriceTable:
    """Each model's prices, at most BELIEVED seconds old; while they cannot be read, those last known."""
    rows = Price.objects.values_list("model", "input_per_million", "output_per_million")
    return {model: (received, written) for model, received, written in rows}


def has_price(model: str) -> bool:
    """Whether what the model costs is known: by its name, or by that without a date."""
    return Price.objects.filter(model__in={model, DATE.sub("", model)}).exists()


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
