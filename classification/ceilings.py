"""The ceilings in force: rows that operators keep, believed for a moment."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections

from classification.believed import believed
from classification.models import Ceiling, Meter, Period
from classification.usage import EVERYBODY, Count, channel_scope

BELIEVED = 1.0  # seconds for which a process believes what it has read
# What there is after the first migrate: far above what people write, far below what a loop could cost in a night.
SHIPPED: dict[tuple[bool, Meter, Period], int | None] = {
    (False, Meter.REPLIES, Period.MINUTE): None,
    (False, Meter.REPLIES, Period.DAY): 20_000,
    (True, Meter.REPLIES, Period.DAY): 50_000,
    (True, Meter.SEGMENTS, Period.MONTH): None,
    (True, Meter.MONEY, Period.MONTH): None,
    (True, Meter.MODEL_CALLS, Period.DAY): 50_000,
    (True, Meter.MODEL_MONEY, Period.MONTH): None,
}


class Limit(NamedTuple):
    """One ceiling as the database had it."""

    channel_id: int | None
    together: bool
    meter: str
    period: str
    most: Decimal | None


@believed("The ceilings", BELIEVED, unknown=())
def live() -> Sequence[Limit]:
    """The ceilings, at most BELIEVED seconds old; while they cannot be read, those last known."""
    return [Limit(*row) for row in Ceiling.objects.order_by().values_list(*Limit._fields)]


def counts(channel_id: int, amounts: dict[str, Decimal]) -> Iterator[tuple[Limit, Count]]:
    """What a channel's use of so much of some meters counts against: its own ceilings and those of all together."""
    for limit in live():
        if limit.most is None or limit.meter not in amounts or not _covers(limit, channel_id):
            continue
        scope = EVERYBODY if limit.together else channel_scope(channel_id)
        yield (
            limit,
            Count(
                scope,
                f"{limit.meter}/{limit.period}",
                Period(limit.period),
                amounts[limit.meter],
                limit.most,
            ),
        )


def in_words(limit: Limit) -> str:
    """For people: "Replies of the channel in a day: 20000"."""
    whose = "all channels together" if limit.together else "the channel"
    most = Decimal(limit.most or 0).normalize()
    return f"{Meter(limit.meter).label} of {whose} in a {limit.period}: {most:f}"


def counts_currency(limit: Limit, currency: str) -> bool:
    """Whether it is the one of a ceiling of money: a channel's own is in the channel's, all others in SMS_CURRENCY."""
    return limit.meter != Meter.MONEY or limit.channel_id is not None or currency == settings.SMS_CURRENCY


def objection(ceiling: Ceiling, channel: Any) -> str:
    """Why a ceiling does not hold for what a channel's replies cost, for people; empty where it does.

    A channel is what `Ceiling.channel` leads to: this application knows none.
    """
    theirs, limit = channel.voice.currency, Limit(*(getattr(ceiling, name) for name in Limit._fields))
    if limit.most is None or counts_currency(limit, theirs):
        return ""
    own = Ceiling.objects.filter(channel=channel.pk, meter=limit.meter, period=limit.period)
    if not limit.together and channel.pk and own.exists():
        return ""
    told = (
        f"{in_words(limit)} {settings.SMS_CURRENCY}. Replies on channel {channel.slug} are paid in {theirs}"
    )
    return f"{told}: lift that ceiling{'' if limit.together else ', or give the channel one of its own'}."


def _covers(limit: Limit, channel_id: int) -> bool:
    """Its own row comes before the one for each channel."""
    if limit.channel_id is not None or limit.together:
        return limit.channel_id in (None, channel_id)
    own = {(one.meter, one.period) for one in live() if one.channel_id == channel_id}
    return (limit.meter, limit.period) not in own


def add_missing(using: str = "default", **_kwargs: object) -> None:
    """The shipped ceilings that are not there; those that an operator has set are left alone."""
    if Ceiling._meta.db_table not in connections[using].introspection.table_names():
        return  # another application alone is being migrated
    for (together, meter, period), most in SHIPPED.items():
        which = {"channel": None, "together": together, "meter": meter, "period": period}
        Ceiling.objects.using(using).get_or_create(**which, defaults={"most": most})
