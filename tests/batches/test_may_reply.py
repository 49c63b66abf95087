"""Who is answered, when and why not: each case goes the whole way, from what came in to what the provider was asked.

Time is told by what is around it: what was counted so many seconds ago, quiet hours that lie so around this moment.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F

from batches import terms
from batches.choices import BatchStatus, Outcome
from batches.closing import close_due
from batches.models import Batch, Channel, SenderPreference
from batches.pipeline import process
from classification import ceilings
from classification.models import Ceiling, Usage
from replies import consent, switches
from replies.models import ConsentSource, ConsentState, Mute, ReplyStatus
from replies.policy import FOR_A_PERSON, REASONS
from replies.senders import memory
from tests.batches.conftest import SENDER, age, arrive

pytestmark = pytest.mark.django_db
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


# --- states ----------------------------------------------------------------------------------------------------
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


# --- the table -------------------------------------------------------------------------------------------------
def senders() -> Iterator[Case]:
    for sender in (
        "09171234567", "639171234567", "9171234567", "0063 917 123 4567", "+1 (415) 555-2671", "+63 917-123-4567",
        "whatsapp:+639171234567", "+12015555555", "+442071838750", "+6281234567890", "+85291234567", "+819012345678",
    ):  # fmt: skip
        yield Case(SENT, sender=sender, name="a number")
    for sender in ("GLOBE", "SEMAPHORE", "AD-HDFCBK", "BDO Alert", "1-800-FLOWERS", "InfoSMS", "Smart2go"):
        yield Case("alphanumeric_sender", sender=sender)
    for sender in ("2255", "2366", "8080", "21587", "45678"):
        yield Case("short_code", sender=sender)
        yield Case(SENT, sender=sender, state=(channel(answer_short_codes=True),), name="allowed")
    for sender in ("911", "112", "999", "117"):
        yield Case("emergency_number", sender=sender)
        yield Case(
            "emergency_number", sender=sender, state=(channel(answer_short_codes=True),), name="even so"
        )
    yield Case("emergency_number", sender="110", state=(channel(region="JP"),))
    yield Case("emergency_number", sender="000", state=(channel(region="AU"),))
    for sender in ("+6391712345", "+63447700900001", "+++", "12", "?", "+1", "123456789012345678"):
        yield Case("unreadable_sender", sender=sender)
    yield Case("costly_number", sender="+19005551234", name="premium rate")
    yield Case("costly_number", sender="+449098790000", name="premium rate")
    yield Case("own_number", state=(channel(own_numbers=SENDER),))
    yield Case("own_number", state=(channel(own_numbers=f"{ANA}\n{SENDER}"),))
    yield Case(SENT, state=(channel(own_numbers=ANA),))
    yield Case(
        "own_number", sender="0917 123 4567", state=(channel(own_numbers=SENDER),), name="spelt otherwise"
    )
    yield Case("own_number", texts=("STOP",), state=(channel(own_numbers=SENDER),), name="a command")


def texts() -> Iterator[Case]:
    for text in (
        "",
        "   ",
        "[image]",
        "<Media omitted>",
        "[MMS]",
        "$aes-256-cbc/pbkdf2-sha1$i=75000$obsKzr2p==$2f9i",
    ):
        yield Case("nothing_to_read", (text,))
    yield Case("nothing_to_read", ("", "[photo]"))
    yield Case(SENT, ("", "Yes"), name="a picture and a word")
    yield Case(SENT, ("👍",))
    for text in (
        "This is an automated message. Please do not reply.",
        "AUTO-REPLY: in a meeting",
        "Out of office: back on Monday",
        "I am currently out of the office until 3 May with limited access to email.",
        "DO NOT REPLY",
        "Replies to this number are not monitored.",
        "I'm driving right now. I'll get back to you later.",
        "Thank you for contacting Acme! We will get back to you within business hours.",
        "Ito ay awtomatikong mensahe.",
        "Huwag po mag-reply sa mensaheng ito.",
        "Huwag tumugon sa numerong ito",
        "Salamat sa iyong mensahe. Babalikan ka namin.",
        "Your message could not be delivered to +639171234567.",
        "Unable to send message - Message Blocking is active.",
        "Delivery Status Notification (Failure)",
        "Hindi naipadala ang iyong mensahe",
    ):
        yield Case("looks_automatic", (text,))
    yield Case(
        "looks_automatic",
        ("Yes", "Sent by robot nine"),
        state=(setting(AUTOMATIC_PHRASES=["by robot nine"]),),
    )
    for text in (
        "G-482913 is your Google verification code.",
        "Your OTP is 123456. Do not share it with anyone.",
        "Use 482913 to verify your account",
        "Ang iyong OTP ay 445566. Huwag ibahagi kaninuman.",
        "445566 ang iyong verification code",
    ):
        yield Case("verification_code", (text,))
    yield Case("verification_code", ("Yes", "Your verification code is 4821"))
    for text in (
        "Yes", "No", "oo", "Opo, pupunta ako", "Sorry, out of office po ako, can't make it",
        "I'm out of the office today but I can come at 5", "I did not get your message", "Please reply asap",
        "I am nurse 4821, I can take the shift", "Call me at 0917 123 4567", "room 302 po",
        "Salamat po sa mensahe, makakapunta ako", "Thanks for the message, yes I'll be there",
        "Hindi ko po natanggap ang mensahe", "We have got to stop this bill", "can you help", "I can't stop laughing",
    ):  # fmt: skip
        yield Case(SENT, (text,))
    for text in (
        "stop texting me po",
        "please stop",
        "cancel po",
        "wag na po kayo magtext",
        "remove my number from your list",
    ):
        yield Case("sounds_like_opt_out", (text,))
    yield Case("too_long", state=(setting(SMS_AUTO_REPLY_TEXT="long " * 120),))
    yield Case("too_long", ("stop texting me po",), state=(setting(SMS_AUTO_REPLY_TEXT="long " * 120),))


def consents() -> Iterator[Case]:
    out = opted("out")
    yield Case("opted_out", state=(out,))
    yield Case("opted_out", state=(opted("out", everywhere=True),))
    yield Case("opted_out", state=(said("STOP"),))
    yield Case("opted_out", state=(said("Unsubscribe!"),))
    yield Case("opted_out", state=(said("TIGIL NA"),))
    yield Case("opted_out", ("Your OTP is 123456. Do not share it with anyone.",), state=(out,))
    yield Case(SENT, state=(opted("out", ANA),), name="somebody else's")
    yield Case(SENT, state=(out, opted("in")))
    yield Case(SENT, state=(said("STOP", "START"),))
    yield Case(SENT, ("STOP",), name="confirmed")
    yield Case(SENT, ("Stop. 🛑",), name="confirmed")
    yield Case("nothing_new", ("STOP",), state=(said("STOP"),))
    yield Case(SENT, ("START",), state=(said("STOP"),), name="confirmed")
    yield Case(SENT, ("START",), name="an answer like others")
    yield Case("opted_out", ("Yes",), state=(said("STOP"),), name="yes opts nobody in")
    yield Case(SENT, ("HELP",))
    yield Case(SENT, ("HELP",), state=(out,), name="also to those who are out")
    yield Case("help_given", ("INFO",), state=(said("HELP"),))
    confirms = channel(provider_confirms_stop=True)
    for text in ("STOP", "HELP"):
        yield Case("provider_confirms", (text,), state=(confirms,))
    yield Case(SENT, state=(confirms,))
    yield Case("no_auto_replies", state=(known(no_auto_replies=True),))
    yield Case("vip", state=(known(is_vip=True),))
    yield Case("opted_out", state=(known(is_vip=True), out))
    yield Case(SENT, ("STOP",), state=(known(no_auto_replies=True),), name="commands are answered")


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


# In test_pipeline.py and test_commands.py; the others in the tests of their own files.
ELSEWHERE = {"undecided", "superseded", "moved_on", "taken_over", "unchanged"}
CASES = [case for group in (senders, texts, consents, switched, limits, loops, times) for case in group()]


# --- how -------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def outbox(settings: Any) -> Iterator[list[memory.Sms]]:
    setting(SMS_AUTO_REPLY_ENABLED=True, CLASSIFICATION_MODE="rules", TEST_AGE=61, **LIMITS)(settings)
    memory.reset()
    yield memory.outbox
    memory.reset()


def settle(batch: Batch, seconds: float = 61) -> Batch:
    """Let its window be over, and have it processed."""
    if batch.status == BatchStatus.OPEN or seconds > 61:
        age(batch, seconds)
        close_due()
    process(batch.id, "worker")
    batch.refresh_from_db()
    return batch


def name(case: Case) -> str:
    return f"{case.expected}-{case.name or '+'.join(case.texts)[:24]}-{case.sender}"


def test_there_are_enough_cases_and_they_reach_every_rule() -> None:
    reached = {case.expected for case in CASES}
    assert len(CASES) >= 150
    assert set(REASONS) - reached <= ELSEWHERE


@pytest.mark.parametrize("case", CASES, ids=name)
def test_case(case: Case, settings: Any, outbox: list[memory.Sms]) -> None:
    Channel.objects.get_or_create(slug="default")
    for bring_about in case.state:
        bring_about(settings)
    outbox.clear()
    batch = settle(arrive(*case.texts, sender=case.sender), settings.TEST_AGE)
    reply = batch.replies.get()
    if case.expected == SENT:
        assert (reply.status, reply.reason, len(outbox)) == (ReplyStatus.SENT, "", 1)
        assert batch.outcome == Outcome.REPLIED
        return
    assert (reply.reason, outbox) == (case.expected, [])
    assert reply.error
    if case.waits:
        assert (reply.status, batch.status, batch.postponed) == (
            ReplyStatus.PENDING,
            BatchStatus.CLOSED,
            True,
        )
    else:
        assert (reply.status, batch.status) == (ReplyStatus.SUPPRESSED, BatchStatus.COMPLETED)
        assert (batch.outcome == Outcome.HELD) == (case.expected in FOR_A_PERSON)
