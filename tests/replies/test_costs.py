from decimal import Decimal
from typing import Any

import pytest
from django.db.models import OuterRef

from batches.models import Batch, Channel
from replies import costs
from replies.case import Terms
from replies.costs import segments_of
from replies.models import Reply
from replies.voice import Voice
from tests.replies.conftest import History, make_batch, prepare

NOTHING = {"price": None, "currency": "", "credits": None}


def known(price: str, currency: str = "PHP", credits: str | None = None) -> costs.Cost:
    return {"price": Decimal(price), "currency": currency, "credits": Decimal(credits) if credits else None}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, known("0.70")),
        ({"segment_price": Decimal("0.02")}, known("0.04")),
        ({"segment_price": Decimal("0.02"), "currency": "USD"}, known("0.04", "USD")),
        ({"segment_price": Decimal(0)}, known("0")),
        ({"segment_credits": Decimal("1.5")}, known("0.70", "PHP", "3.0")),
        ({"currency": "USD"}, known("0.70")),  # of no price of its own
    ],
)
def test_it_is_the_channels_price_else_the_settings(
    settings: Any, own: dict[str, Any], expected: costs.Cost
) -> None:
    settings.SMS_SEGMENT_PRICE, settings.SMS_CURRENCY = Decimal("0.35"), "PHP"
    assert costs.of(2, Channel(slug="x", **own).voice) == expected


def test_without_a_price_nothing_is_known() -> None:
    assert costs.of(2, Voice()) == NOTHING


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (NOTHING, ""),
        (known("1"), "1.00 PHP"),
        (known("0.700000"), "0.70 PHP"),
        (known("0.0125", "USD", "2.000"), "0.0125 USD, 2 credits"),
        (NOTHING | {"credits": Decimal("20")}, "20 credits"),
        (NOTHING | {"credits": Decimal("1.000")}, "1 credit"),
        (NOTHING | {"credits": Decimal("1.500")}, "1.5 credits"),
    ],
)
def test_it_is_told_without_zeros_that_say_nothing(cost: Any, words: str) -> None:
    assert costs.in_words(cost) == words


def test_a_reply_keeps_what_it_costs_by_the_price_of_then(
    batch: Batch, history: History, settings: Any
) -> None:
    voice = Voice(own_price=Decimal("0.35"), own_currency="PHP", credits=Decimal(2))
    settings.SMS_AUTO_REPLY_TEXT = "x" * 200
    reply = Reply.objects.get(pk=prepare(batch, history, terms=Terms(voice=voice)).pk)
    assert (reply.segments, reply.price, reply.currency, reply.credits) == (
        2,
        Decimal("0.70"),
        "PHP",
        Decimal(4),
    )


@pytest.mark.parametrize("status", ["sent", "delivered", "unknown", "suppressed", "refused", "pending"])
def test_what_never_left_costs_nothing(status: str) -> None:
    left = status in ("sent", "delivered", "unknown")
    reply = Reply(segments=2, status=status, price=Decimal("0.70"), currency="PHP", credits=Decimal(2))
    assert costs.in_words(costs.billed(reply)) == ("0.70 PHP, 2 credits" if left else "0.00 PHP, 0 credits")
    assert costs.in_words(costs.billed(Reply(segments=2, status=status))) == ""


def test_it_adds_up_what_left_for_a_batch(batch: Batch) -> None:
    untouched = make_batch()
    Batch.objects.filter(pk=untouched.pk).update(sender="+639181234567")
    for status, kind, segments in [
        ("sent", "automatic", 2),
        ("unknown", "correction", 1),
        ("suppressed", "automatic", 9),
    ]:
        Reply.objects.create(
            batch=batch, kind=kind, to="+1", body="x", segments=segments, provider="memory", status=status
        )
    rows = Batch.objects.annotate(total=segments_of(OuterRef("pk"))).order_by("id")
    assert list(rows.values_list("total", flat=True)) == [3, None]
