"""Cases about what an operator has set, how much was sent, and when it is."""

from collections.abc import Iterator
from decimal import Decimal

from tests.batches.may_reply.states import (
    ANA,
    BEN,
    SENT,
    Case,
    answered,
    ceiling,
    channel,
    clock,
    going_on,
    old,
    opted,
    own_ceiling,
    passed,
    said,
    setting,
    stopped,
)


def switched() -> Iterator[Case]:
    off = setting(SMS_AUTO_REPLY_ENABLED=False)
    for texts in (("Yes",), ("STOP",), ("HELP",), ("",)):
        yield Case("auto_reply_disabled", texts, state=(off,))
        yield Case("stopped", texts, state=(stopped(),))
    yield Case("auto_reply_disabled", state=(channel(auto_reply_enabled=False),))
    yield Case(SENT, state=(off, channel(auto_reply_enabled=True)))
    yield Case("stopped", state=(stopped("default"),))
    yield Case(SENT, state=(stopped("another"),))
    yield Case(SENT, state=(stopped(), going_on))
    yield Case(
        "stopped", state=(stopped("default"), stopped(), going_on), name="the channel is still stopped"
    )
    yield Case("auto_reply_disabled", state=(off, stopped()))
    yield Case("stopped", sender="GLOBE", state=(stopped(),))


def limits() -> Iterator[Case]:
    yield Case("sender_per_minute", state=(answered(1, 1),), waits=True)
    yield Case("sender_per_minute", state=(answered(1, 55),), waits=True)
    yield Case(SENT, state=(answered(1, 61),))
    yield Case(SENT, state=(answered(1, 1, ANA),), name="somebody else's")
    yield Case(SENT, state=(setting(SENDER_REPLIES_PER_MINUTE=2), answered(1, 1)))
    yield Case("sender_per_minute", state=(setting(SENDER_REPLIES_PER_MINUTE=2), answered(2, 1)), waits=True)
    yield Case(SENT, state=(setting(SENDER_REPLIES_PER_MINUTE=0), answered(3, 1)))
    yield Case(SENT, state=(answered(5, 61),))
    yield Case("sender_per_hour", state=(answered(6, 61),))
    yield Case("sender_per_hour", state=(answered(6, 3500),))
    yield Case(SENT, state=(answered(6, 3601),))
    yield Case("sender_per_hour", state=(answered(6, 1),), name="not to wait in vain")
    yield Case(SENT, state=(setting(SENDER_REPLIES_PER_HOUR=0), answered(6, 61)))
    yield Case(SENT, state=(answered(19, 3601),))
    yield Case("sender_per_day", state=(answered(20, 3601),))
    yield Case("sender_per_day", state=(answered(20, 86_300),))
    yield Case(SENT, state=(answered(20, 86_401),))
    yield Case(SENT, ("STOP",), state=(answered(6, 1),), name="an opt-out is confirmed at once")
    yield Case("sender_per_day", ("STOP",), state=(answered(20, 3601),))
    yield Case(SENT, ("HELP",), state=(answered(1, 1),), name="help waits for no minute")
    yield Case("sender_per_hour", ("HELP",), state=(answered(6, 1),))
    yield Case("ceiling", state=(ceiling(0),))
    yield Case("ceiling", state=(ceiling(0, together=True),))
    yield Case("ceiling", state=(ceiling(2), answered(2, 0, ANA)))
    yield Case(SENT, state=(ceiling(3), answered(2, 0, ANA)))
    yield Case("ceiling", state=(ceiling(2, period="month"), answered(2, 0, ANA)))
    yield Case("ceiling", state=(ceiling(2, "segments"), answered(2, 0, ANA)))
    yield Case(
        "ceiling", state=(ceiling(2, "segments"), setting(SMS_AUTO_REPLY_TEXT="x" * 400)), name="3 segments"
    )
    price = setting(SMS_SEGMENT_PRICE=Decimal("0.5"))
    yield Case("ceiling", state=(price, ceiling(1, "money", "month", together=True), answered(2, 0, ANA)))
    yield Case(SENT, state=(price, ceiling(1.5, "money", "month", together=True), answered(2, 0, ANA)))
    yield Case("ceiling", ("STOP",), state=(ceiling(0),), name="a command, too")
    yield Case(SENT, state=(ceiling(0), own_ceiling(5)), name="the channel's own comes first")
    yield Case(SENT, state=(ceiling(0), own_ceiling(None)), name="lifted for the channel")
    yield Case("ceiling", state=(own_ceiling(0),))
    yield Case("ceiling_per_minute", state=(ceiling(0, period="minute"),), waits=True)
    yield Case(
        "breaker", state=(setting(BREAKER_REPLIES_PER_MINUTE=2), answered(1, 0, ANA), answered(1, 0, BEN))
    )
    yield Case(SENT, state=(setting(BREAKER_REPLIES_PER_MINUTE=3), answered(1, 0, ANA), answered(1, 0, BEN)))
    yield Case(SENT, state=(setting(BREAKER_REPLIES_PER_MINUTE=0), answered(1, 0, ANA)))


def loops() -> Iterator[Case]:
    free = setting(SENDER_REPLIES_PER_MINUTE=0, SENDER_REPLIES_PER_HOUR=0)
    yield Case("repeated_text", state=(free, said("Yes", "Yes")))
    yield Case("repeated_text", ("YES!!",), state=(free, said("yes", "Yes.")), name="spelt otherwise")
    yield Case("repeated_text", ("Yes",), state=(free, said("Yes", "Ok", "Yes")), name="others between")
    yield Case(SENT, state=(free, said("Yes")))
    yield Case(SENT, ("No",), state=(free, said("Yes", "Yes")))
    yield Case(SENT, ("Yes", "Yes", "Yes"), state=(free,), name="within one conversation")
    yield Case(SENT, state=(free, said("Yes", "Yes"), passed(601)))
    yield Case(SENT, state=(free, said("Yes", "Yes", sender=ANA)), name="somebody else's")
    yield Case(SENT, state=(free, setting(REPEATED_TEXTS=0), said("Yes", "Yes")))
    yield Case("muted", ("What now?",), state=(free, said("Yes", "Yes", "Yes")))
    yield Case("muted", ("What now?",), state=(free, said("Yes", "Yes", "Yes"), passed(86_000)))
    yield Case(SENT, ("What now?",), state=(free, said("Yes", "Yes", "Yes"), passed(86_401)))
    yield Case(SENT, ("STOP",), state=(free, said("Yes", "Yes", "Yes")), name="who is muted may opt out")
    reply = "Thanks for confirming! See you soon."
    yield Case("echo", (reply,), state=(free, said("Yes")))
    yield Case("echo", (reply.upper(), "more"), state=(free, said("Yes")), name="among others")
    yield Case("muted", ("What now?",), state=(free, said("Yes", reply)))
    yield Case(SENT, (reply,), state=(free,), name="nobody has told it")
    yield Case(SENT, (reply,), state=(free, said("Yes"), passed(86_401)))
    yield Case(SENT, ("Thank you",), state=(free, setting(SMS_AUTO_REPLY_TEXT="Thank you"), said("Yes")))
    yield Case(SENT, (reply,), state=(free, said("Yes", sender=ANA)), name="somebody else was told")


def times() -> Iterator[Case]:
    for shows in ("21:01", "23:30", "00:00:05", "02:00", "06:58"):
        yield Case("quiet_hours", state=(clock(shows),), waits=True)
        yield Case("quiet_hours", state=(clock(shows, "drop"),), name="dropped")
        yield Case(SENT, state=(clock(shows, "answer"),))
    for shows in ("07:00", "12:00", "20:58"):
        yield Case(SENT, state=(clock(shows),))
        yield Case(SENT, state=(clock(shows, "drop"),))
    yield Case("quiet_hours", state=(clock("12:30", starts="12:00", ends="13:00"),), waits=True)
    yield Case(SENT, state=(clock("13:30", starts="12:00", ends="13:00"),))
    yield Case("quiet_hours", state=(clock("02:00", zone="Asia/Kathmandu"),), waits=True)
    yield Case("quiet_hours", state=(clock("02:00", zone="America/Phoenix"),), waits=True)
    yield Case("opted_out", state=(clock("02:00"), opted("out")))
    yield Case(SENT, ("STOP",), state=(clock("02:00"),), name="an opt-out is confirmed at night")
    yield Case(SENT, ("HELP",), state=(clock("02:00", "drop"),))
    yield Case("sender_per_hour", state=(answered(6, 61), clock("02:00")), name="not held in vain")
    yield Case("held", state=(old(90),))
    yield Case(SENT, state=(old(50),))
    yield Case("stale", state=(old(90), setting(STALE_POLICY="skip")))
    yield Case(SENT, state=(old(90), setting(STALE_POLICY="answer")))
    yield Case("held", state=(old(10), setting(STALE_AFTER=300)))
    yield Case("stale", ("STOP",), state=(old(90),), name="the command holds, unanswered")
