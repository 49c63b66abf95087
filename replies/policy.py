"""May we reply?"""

from dataclasses import dataclass

from django.conf import settings

from classification.labels import Label


@dataclass(frozen=True)
class Decision:
    """`reason` is short and countable, `explanation` is for people; both are empty when allowed."""

    allowed: bool
    reason: str = ""
    explanation: str = ""


ALLOWED = Decision(True)
DISABLED = Decision(False, "auto_reply_disabled", "Automatic replies are switched off.")
NOT_A_NUMBER = Decision(
    False,
    "not_a_phone_number",
    "The sender is not a phone number: short codes, names and unreadable senders are not answered.",
)
HELD = Decision(
    False,
    "held",
    "The conversation was processed long after it took place: a person decides whether it is still to be answered.",
)
STALE = Decision(False, "stale", "The conversation was processed long after it took place.")
WHEN_STALE = {"": ALLOWED, "answer": ALLOWED, "hold": HELD, "skip": STALE}
UNDECIDED = Decision(
    False, "undecided", "No engine could tell what the texts mean, so there is nothing to answer yet."
)


def may_reply(
    *, label: str, sender_kind: str, segments: int, enabled: bool, when_stale: str = ""
) -> Decision:
    """Whether this conversation gets a reply of so many segments; `sender_kind` is "number" for a phone number.

    `when_stale` is empty for a conversation of now, else what is to become of an old one: "answer", "hold", "skip".
    The first reason that holds is given: the switch, the sender, the verdict, the text's length, the age. What is
    held for its age may still be sent, so it must not be too long.
    """
    if not enabled:
        return DISABLED
    if sender_kind != "number":
        return NOT_A_NUMBER
    if label == Label.UNDECIDED:
        return UNDECIDED
    if problem := too_long(segments):
        return Decision(False, "too_long", problem)
    return WHEN_STALE[when_stale]


def too_long(segments: int) -> str:
    """Why a text of so many segments is not sent, for people; empty when it may be."""
    most = settings.SMS_MAX_SEGMENTS
    if segments <= most:
        return ""
    return f"The text takes {segments} SMS segments, and SMS_MAX_SEGMENTS allows {most}."
