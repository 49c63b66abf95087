"""May we reply?"""

from dataclasses import dataclass

from django.conf import settings

from classification.labels import Label
from replies.addressee import ANYBODY, Addressee


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
OPTED_OUT = Decision(False, "opted_out", "The number has opted out: it gets no automatic replies.")
SOUNDS_LIKE_OPT_OUT = Decision(
    False,
    "sounds_like_opt_out",
    "It sounds as if somebody wants no more texts: a person decides whether to answer or to opt the number out.",
)
NO_AUTO_REPLIES = Decision(
    False, "no_auto_replies", "The sender's preferences say that nothing automatic is sent."
)
VIP = Decision(False, "vip", "The sender is a VIP: a person answers, or lets the reply go.")
UNDECIDED = Decision(
    False, "undecided", "No engine could tell what the texts mean, so there is nothing to answer yet."
)


# What waits for a person, who may have it sent all the same.
FOR_A_PERSON = frozenset({HELD.reason, SOUNDS_LIKE_OPT_OUT.reason, VIP.reason})


def may_reply(
    *,
    label: str,
    sender_kind: str,
    segments: int,
    enabled: bool,
    opted_out: bool,
    sounds_like_opt_out: bool = False,
    addressee: Addressee = ANYBODY,
    when_stale: str = "",
) -> Decision:
    """Whether this conversation gets a reply of so many segments; `sender_kind` is "number" for a phone number.

    `when_stale` is empty for a conversation of now, else what is to become of an old one: "answer", "hold", "skip".
    The first reason that holds is given: the switch, the sender, consent, the sender's preferences, the verdict, the
    text's length, the doubt whether it is an opt-out, a VIP, the age. What waits for a person may still be sent, so it
    must not be too long.
    """
    if not enabled:
        return DISABLED
    if sender_kind != "number":
        return NOT_A_NUMBER
    if opted_out:
        return OPTED_OUT
    if addressee.no_auto_replies:
        return NO_AUTO_REPLIES
    if label == Label.UNDECIDED:
        return UNDECIDED
    if problem := too_long(segments):
        return Decision(False, "too_long", problem)
    if sounds_like_opt_out:
        return SOUNDS_LIKE_OPT_OUT
    return VIP if addressee.is_vip else WHEN_STALE[when_stale]


def too_long(segments: int) -> str:
    """Why a text of so many segments is not sent, for people; empty when it may be."""
    most = settings.SMS_MAX_SEGMENTS
    if segments <= most:
        return ""
    return f"The text takes {segments} SMS segments, and SMS_MAX_SEGMENTS allows {most}."
