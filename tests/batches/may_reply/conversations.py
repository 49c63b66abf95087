"""Cases about who writes what."""

from collections.abc import Iterator

from tests.batches.conftest import SENDER
from tests.batches.may_reply.states import ANA, SENT, Case, channel, known, opted, said, setting


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
