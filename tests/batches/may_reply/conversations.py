"""Cases about who writes what."""

from collections.abc import Iterator

from tests.batches.conftest import SENDER
from tests.batches.may_reply.states import ANA, SENT, Case, channel, known, opted, said, setting

NUMBERS = (
    "09171234567", "639171234567", "9171234567", "0063 917 123 4567", "+1 (415) 555-2671", "+63 917-123-4567",
    "whatsapp:+639171234567", "+12015555555", "+442071838750", "+6281234567890", "+85291234567", "+819012345678",
)  # fmt: skip
NAMES = ("GLOBE", "SEMAPHORE", "AD-HDFCBK", "BDO Alert", "1-800-FLOWERS", "InfoSMS", "Smart2go")
UNREADABLE_SENDERS = ("+6391712345", "+63447700900001", "+++", "12", "?", "+1", "123456789012345678")
NOTHING_TO_READ = (
    "", "   ", "[image]", "<Media omitted>", "[MMS]", "$aes-256-cbc/pbkdf2-sha1$i=75000$obsKzr2p==$2f9i",
)  # fmt: skip
AUTOMATIC = (
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
)
CODES = (
    "G-482913 is your Google verification code.",
    "Your OTP is 123456. Do not share it with anyone.",
    "Use 482913 to verify your account",
    "Ang iyong OTP ay 445566. Huwag ibahagi kaninuman.",
    "445566 ang iyong verification code",
)
ORDINARY = (
    "Yes", "No", "oo", "Opo, pupunta ako", "Sorry, out of office po ako, can't make it",
    "I'm out of the office today but I can come at 5", "I did not get your message", "Please reply asap",
    "I am nurse 4821, I can take the shift", "Call me at 0917 123 4567", "room 302 po",
    "Salamat po sa mensahe, makakapunta ako", "Thanks for the message, yes I'll be there",
    "Hindi ko po natanggap ang mensahe", "We have got to stop this bill", "can you help", "I can't stop laughing",
)  # fmt: skip
LIKE_AN_OPT_OUT = (
    "stop texting me po", "please stop", "cancel po", "wag na po kayo magtext", "remove my number from your list",
)  # fmt: skip


def senders() -> Iterator[Case]:
    for theme in (_numbers, _names_and_short_codes, _emergencies, _unreadable_and_costly, _own_numbers):
        yield from theme()


def _numbers() -> Iterator[Case]:
    for sender in NUMBERS:
        yield Case(SENT, sender=sender, name="a number")


def _names_and_short_codes() -> Iterator[Case]:
    for sender in NAMES:
        yield Case("alphanumeric_sender", sender=sender)
    for sender in ("2255", "2366", "8080", "21587", "45678"):
        yield Case("short_code", sender=sender)
        yield Case(SENT, sender=sender, state=(channel(answer_short_codes=True),), name="allowed")


def _emergencies() -> Iterator[Case]:
    allowed = channel(answer_short_codes=True)
    for sender in ("911", "112", "999", "117"):
        yield Case("emergency_number", sender=sender)
        yield Case("emergency_number", sender=sender, state=(allowed,), name="even so")
    yield Case("emergency_number", sender="110", state=(channel(region="JP"),))
    yield Case("emergency_number", sender="000", state=(channel(region="AU"),))


def _unreadable_and_costly() -> Iterator[Case]:
    for sender in UNREADABLE_SENDERS:
        yield Case("unreadable_sender", sender=sender)
    yield Case("costly_number", sender="+19005551234", name="premium rate")
    yield Case("costly_number", sender="+449098790000", name="premium rate")


def _own_numbers() -> Iterator[Case]:
    own = channel(own_numbers=SENDER)
    yield Case("own_number", state=(own,))
    yield Case("own_number", state=(channel(own_numbers=f"{ANA}\n{SENDER}"),))
    yield Case(SENT, state=(channel(own_numbers=ANA),))
    yield Case("own_number", sender="0917 123 4567", state=(own,), name="spelt otherwise")
    yield Case("own_number", texts=("STOP",), state=(own,), name="a command")


def texts() -> Iterator[Case]:
    for theme in (_nothing_to_read, _automatic, _codes, _ordinary, _like_an_opt_out, _too_long):
        yield from theme()


def _nothing_to_read() -> Iterator[Case]:
    for text in NOTHING_TO_READ:
        yield Case("nothing_to_read", (text,))
    yield Case("nothing_to_read", ("", "[photo]"))
    yield Case(SENT, ("", "Yes"), name="a picture and a word")
    yield Case(SENT, ("👍",))


def _automatic() -> Iterator[Case]:
    for text in AUTOMATIC:
        yield Case("looks_automatic", (text,))
    phrases = setting(AUTOMATIC_PHRASES=["by robot nine"])
    yield Case("looks_automatic", ("Yes", "Sent by robot nine"), state=(phrases,))


def _codes() -> Iterator[Case]:
    for text in CODES:
        yield Case("verification_code", (text,))
    yield Case("verification_code", ("Yes", "Your verification code is 4821"))


def _ordinary() -> Iterator[Case]:
    """Also what has words of the others in it, and means something else."""
    for text in ORDINARY:
        yield Case(SENT, (text,))


def _like_an_opt_out() -> Iterator[Case]:
    for text in LIKE_AN_OPT_OUT:
        yield Case("sounds_like_opt_out", (text,))


def _too_long() -> Iterator[Case]:
    long = setting(SMS_AUTO_REPLY_TEXT="long " * 120)
    yield Case("too_long", state=(long,))
    yield Case("too_long", ("stop texting me po",), state=(long,))


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
