"""What replies cost, by the segment: in money, and in credits where the provider counts those.

The price is the channel's, else the settings', on the day on which the reply is written; what the provider bills is the
provider's.
"""

from decimal import Decimal
from typing import TypedDict

from django.db.models import OuterRef, Subquery, Sum

from replies.models import Reply, ReplyStatus
from replies.voice import Voice

# What reached the provider, or may have.
BILLED = (ReplyStatus.SENT, ReplyStatus.DELIVERED, ReplyStatus.UNDELIVERED, ReplyStatus.UNKNOWN)


class Cost(TypedDict):
    """Money, with its currency, and credits; None where no price is known."""

    price: Decimal | None
    currency: str
    credits: Decimal | None


def of(segments: int, voice: Voice) -> Cost:
    """What so many segments cost on a channel."""
    return {
        "price": None if voice.price is None else voice.price * segments,
        "currency": "" if voice.price is None else voice.currency,
        "credits": None if voice.credits is None else voice.credits * segments,
    }


def in_words(cost: Cost) -> str:
    """Like "1.00 PHP, 2 credits"; empty where nothing is known."""
    money = "" if cost["price"] is None else f"{_plain(cost['price'], 2)} {cost['currency']}"
    return ", ".join(filter(None, (money, _credits(cost["credits"]))))


def billed(reply: Reply) -> Cost:
    """What a reply has cost, or may have: nothing while it has not left."""
    times = 1 if reply.status in BILLED else 0
    return {
        "price": None if reply.price is None else reply.price * times,
        "currency": reply.currency,
        "credits": None if reply.credits is None else reply.credits * times,
    }


def segments_of(batch: OuterRef) -> Subquery:
    """How many segments left, or may have left, in the replies to the batch of an outer query's row."""
    left = Reply.objects.filter(batch=batch, status__in=BILLED).order_by().values("batch")
    return Subquery(left.annotate(total=Sum("segments")).values("total"))


def _credits(number: Decimal | None) -> str:
    if number is None:
        return ""
    return f"{_plain(number)} credit{'' if number == 1 else 's'}"


def _plain(number: Decimal, places: int = 0) -> str:
    """Without zeros at the end, but with at least so many decimal places."""
    text = f"{number:f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0").ljust(places, "0")
    return f"{whole}.{rest}" if rest else whole
