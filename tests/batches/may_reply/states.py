"""A case, and how the state of things is brought about in which it happens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from batches import terms
from batches.choices import BatchStatus
from batches.closing import close_due
from batches.models import Batch, Channel, SenderPreference
from classification import ceilings
from classification.models import Ceiling, Usage
from replies import consent, switches
from replies.models import ConsentSource, ConsentState, Mute
from replies.senders import memory
from tests.batches.conftest import SENDER, age, arrive, done

ANA, BEN = "+639181234567", "+639191234567"
SENT = "sent"
LIMITS = {
    "SENDER_REPLIES_PER_MINUTE": 1,
    "SENDER_REPLIES_PER_HOUR": 6,
    "SENDER_REPLIES_PER_DAY": 20,
    "REPEATED_TEXTS": 3,
}
State = Callable[[Any], None]  # brings it about; is given pytest-django's settings


@dataclass(frozen=True)
class Case:
    """Who writes what, in which state of things, and what becomes of it: SENT, a rule's name, or that it waits."""

    expected: str
    texts: tuple[str, ...] = ("Yes",)
    sender: str = SENDER
    state: tuple[State, ...] = ()
    waits: bool = False
    name: str = field(default="", compare=False)


def channel(**fields: Any) -> State:
    def set_up(_: Any) -> None:
        Channel.objects.filter(slug="default").update(**fields)
        terms.own_numbers.cache_clear()

    return set_up


def setting(**values: Any) -> State:
    def set_up(settings: Any) -> None:
        for name, value in values.items():
            setattr(settings, name, value)

    return set_up


def ceiling(most: float, meter: str = "replies", period: str = "day", *, together: bool = False) -> State:
    def set_up(_: Any) -> None:
        which: dict[str, Any] = {"channel": None, "together": together, "meter": meter, "period": period}
        Ceiling.objects.update_or_create(**which, defaults={"most": Decimal(most)})
        ceilings.live.cache_clear()

    return set_up


def own_ceiling(most: float | None) -> State:
    def set_up(_: Any) -> None:
        default = Channel.objects.get(slug="default")
        Ceiling.objects.create(channel=default, meter="replies", period="day", most=most)
        ceilings.live.cache_clear()

    return set_up


def stopped(where: str = "all") -> State:
    def set_up(_: Any) -> None:
        found = Channel.objects.get_or_create(slug=where)[0].pk if where != "all" else None
        switches.throw(found, stop=True, reason="a loop", actor="ana")

    return set_up


def going_on(_: Any) -> None:
    switches.throw(None, stop=False, reason="mended", actor="ana")


def said(*texts: str, sender: str = SENDER) -> State:
    """Somebody has written that before, and it was processed."""

    def set_up(_: Any) -> None:
        for text in texts:
            settle(arrive(text, sender=sender))
        memory.outbox.clear()

    return set_up


def answered(times: int, ago: float, sender: str = SENDER) -> State:
    """So many different texts were answered so many seconds ago."""

    def set_up(settings: Any) -> None:
        before = {name: getattr(settings, name) for name in LIMITS}
        setting(**dict.fromkeys(LIMITS, 10_000))(settings)
        said(*(f"Yes, number {number} of {ago}" for number in range(times)), sender=sender)(settings)
        setting(**before)(settings)
        passed(ago)(settings)

    return set_up


def passed(seconds: float) -> State:
    def set_up(_: Any) -> None:
        Usage.objects.update(until=F("until") - timedelta(seconds=seconds))
        Mute.objects.update(until=F("until") - timedelta(seconds=seconds))

    return set_up


def opted(state: str, number: str = SENDER, *, everywhere: bool = False) -> State:
    def set_up(_: Any) -> None:
        where = None if everywhere else Channel.objects.get(slug="default").pk
        new = ConsentState.OPTED_OUT if state == "out" else ConsentState.OPTED_IN
        consent.decide(number, where, new, source=ConsentSource.ADMIN, words="by phone", actor="ana")

    return set_up


def known(**fields: Any) -> State:
    def set_up(_: Any) -> None:
        SenderPreference.objects.create(number=SENDER, **fields)

    return set_up


def clock(
    shows: str, policy: str = "hold", zone: str = "Asia/Manila", starts: str = "21:00", ends: str = "07:00"
) -> State:
    """The quiet hours lie around this moment as they would lie around the time that the place's clocks show."""

    def set_up(_: Any) -> None:
        now = datetime.now(ZoneInfo(zone))
        shift = now - datetime.combine(now.date(), time.fromisoformat(shows), now.tzinfo)
        quiet_from, quiet_until = (
            (datetime.combine(now.date(), time.fromisoformat(one)) + shift).time() for one in (starts, ends)
        )
        channel(quiet_policy=policy, quiet_from=quiet_from, quiet_until=quiet_until, time_zone=zone)(_)

    return set_up


def old(minutes: float) -> State:
    """The conversation itself is as old when somebody gets to process it."""
    return setting(TEST_AGE=minutes * 60)


def settle(batch: Batch, seconds: float = 61) -> Batch:
    """Let its window be over, and have it processed."""
    if batch.status == BatchStatus.OPEN or seconds > 61:
        age(batch, seconds)
        close_due()
    return done(batch)
