"""What machines write, and what people write that is near it."""

from typing import Any

import pytest

from replies.machines import has_code, is_automatic, is_unreadable

AUTOMATIC = [
    "This is an automated message. Please do not reply.",
    "AUTO-REPLY: I am in a meeting.",
    "Automatic reply: out of office",
    "Out of office: back on Monday",
    "I am currently out of the office until 3 May with limited access to email.",
    "Please do not reply to this message.",
    "Do not respond to this SMS",
    "DO NOT REPLY",
    "Replies to this number are not monitored.",
    "This mailbox is not monitored",
    "You have reached an unmonitored number.",
    "I'm driving right now. I'll get back to you later.",
    "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get where I’m going.",
    "Thank you for contacting Acme! We will get back to you within business hours.",
    "Thanks for your message. We'll respond as soon as possible.",
    "Ito ay awtomatikong mensahe.",
    "Awtomatikong tugon: wala ako ngayon",
    "Huwag po mag-reply sa mensaheng ito.",
    "Wag na po kayong sumagot dito... wag mag reply dito",
    "Huwag tumugon sa numerong ito",
    "Huwag pong mag-reply. Huwag mag-reply dito.",
    "Hindi po binabasa ang mga sagot sa numerong ito",
    "Salamat sa iyong mensahe. Babalikan ka namin.",
    "Message not delivered",
    "Your message could not be delivered to +639171234567.",
    "Unable to send message - Message Blocking is active.",
    "Free Msg: Unable to deliver your message",
    "Undeliverable message to 09171234567",
    "Delivery Status Notification (Failure)",
    "Message failed",
    "The number you have dialed is not in service",
    "Mailbox is full",
    "Hindi naipadala ang iyong mensahe",
    "Your load balance is P5.00",
]
PEOPLE = [
    "Yes",
    "Sorry, out of office po ako, can't make it",
    "I'm out of the office today but I can come at 5",
    "I did not get your message",
    "Sorry I missed your message, yes I can",
    "ok po, wag na po mag reply",  # to us, so that we need not
    "Can you reply to my question?",
    "Please reply asap",
    "Do not forget me po",
    "I'm driving, can't text, but yes",
    "Thanks for the message, yes I'll be there",
    "Thank you for texting me, count me in",
    "Salamat po sa mensahe, makakapunta ako",
    "My phone is out of load, sorry",
    "Wala po akong load kanina, oo pupunta ako",
    "The automatic door is broken",
    "Nasa opisina po ako",
    "Hindi ko po natanggap ang mensahe",
    "Is delivery included?",
    "I will not be there",
]
CODES = [
    "G-482913 is your Google verification code.",
    "Your OTP is 123456. Do not share it with anyone.",
    "Your verification code is 4821",
    "Your GCash authentication code is 902134",
    "123456 is your Facebook password reset code",
    "Use 482913 to verify your account",
    "Enter 482913 as your one-time PIN",
    "Code 8812 expires in 5 minutes",
    "Ang iyong OTP ay 445566. Huwag ibahagi kaninuman.",
    "445566 ang iyong verification code",
    "Never share your one-time password with anyone: 119922",
    "Huwag ibigay ang OTP na ito: 778899",
]
NO_CODES = [
    "Yes, 12345",
    "I am nurse 4821, I can take the shift",
    "Call me at 0917 123 4567",
    "The gate code is what?",
    "room 302 po",
    "ok 8am",
    "I will pay 1500 on Monday",
    "My code name is Batman",
]


@pytest.mark.parametrize("text", AUTOMATIC)
def test_it_hears_a_machine(text: str) -> None:
    assert is_automatic(["Yes", text])


@pytest.mark.parametrize("text", PEOPLE)
def test_it_hears_a_person(text: str) -> None:
    assert not is_automatic([text])


@pytest.mark.parametrize("text", CODES)
def test_it_sees_a_verification_code(text: str) -> None:
    assert has_code([text])


@pytest.mark.parametrize("text", [*NO_CODES, *PEOPLE])
def test_it_sees_no_code_in_other_numbers(text: str) -> None:
    assert not has_code([text])


@pytest.mark.parametrize("text", [*CODES, *NO_CODES])
def test_a_code_is_no_automatic_answer(text: str) -> None:
    assert not is_automatic([text])


def test_an_operator_adds_phrases(settings: Any) -> None:
    assert not is_automatic(["Beep, I am a ROBOT!"])
    settings.AUTOMATIC_PHRASES = ["i am a robot"]
    assert is_automatic(["Beep, I am a ROBOT!"])
    assert not is_automatic(["I am a robotics teacher"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "$aes-256-cbc/pbkdf2-sha1$i=75000$obsKzr2pLqBVbqlmJCr7Aw==$2f9iLyHGN7Rx",
        "-----BEGIN PGP MESSAGE-----\nhQEM",
        "U2FsdGVkX19pcnNzYWx0ZWR0ZXh0aGVyZQ==",
        "<Media omitted>",
        "[image]",
        "[MMS]",
        "(no text)",
        "￼",
    ],
)
def test_it_sees_that_there_is_nothing_to_read(text: str) -> None:
    assert is_unreadable(text)


@pytest.mark.parametrize("text", ["Yes", "👍", ".", "I sent an image", "picture po ng ID ko", "aes"])
def test_it_reads_what_there_is(text: str) -> None:
    assert not is_unreadable(text)


@pytest.mark.timeout(60)  # a search that begins anew at each letter would take hours
@pytest.mark.parametrize(
    "part", ["thanks for texting ", "do not share ", "im driving with ", "your code is 12 ", "a ", "123 "]
)
def test_a_long_text_is_looked_at_once(part: str) -> None:
    assert not is_automatic(["yes", part * 100_000, "yes"])
    has_code([part * 100_000])
