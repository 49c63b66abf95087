"""May we reply, now, to this sender? Rules with names, asked in order; the first that objects is the reason.

A rule refuses, or lets the reply wait. Some are asked once more right before the call: what they look at may have
changed while the reply waited. What rules are made of is in case.py.
"""

from collections.abc import Iterable

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumberType, shortnumberinfo

from classification.labels import Label
from replies import limits, machines
from replies.case import (
    ALLOWED,
    AUTOMATIC,
    COMMANDS,
    CONSENT_NEEDED,
    Case,
    Decision,
    Pause,
    Rule,
)
from replies.models import ReplyKind
from replies.quiet import QuietPolicy


def is_emergency(number: str, region: str) -> bool:
    """Whether it is an emergency number of the region (libphonenumber's data), or one in a line with it (911 3)."""
    digits = number.strip()
    return len(digits) <= 8 and (
        shortnumberinfo.is_emergency_number(digits, region)
        or shortnumberinfo.connects_to_emergency_number(digits, region)
        or digits in ("112", "911", "999", "000")
    )


def is_dear(number: str) -> bool:
    """Whether texts to it are billed like a service, which somebody may want to be paid for."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    return kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


def too_long(segments: int, most: int | None = None) -> str:
    """Why a text of so many segments is not sent, for people; empty when it may.

    `most` is the channel's own limit, where it has one.
    """
    limit = settings.SMS_MAX_SEGMENTS if most is None else most
    if segments <= limit:
        return ""
    whose = "SMS_MAX_SEGMENTS" if limit == settings.SMS_MAX_SEGMENTS else "the channel"
    return f"The text takes {segments} SMS segments, and {whose} allows {limit}."


def _said_the_opposite(case: Case) -> bool:
    return case.standing.opted_out != (case.kind == ReplyKind.STOP)


DISABLED = Rule(
    "auto_reply_disabled",
    "Automatic replies are switched off.",
    lambda case: not case.terms.enabled,
    again=True,
)
OPTED_OUT = Rule(
    "opted_out",
    "The number has opted out: it gets no automatic replies.",
    lambda case: case.standing.opted_out,
    CONSENT_NEEDED,
    again=True,
)
REPEATED_TEXT = Rule(
    "repeated_text",
    "The sender has written the same again and again within ten minutes, as machines do: it is muted for a while.",
    lambda case: case.repeats,
    AUTOMATIC,
)
ECHO = Rule(
    "echo",
    "The sender has sent back what we had told it, as machines do: it is muted for a while.",
    lambda case: case.echoes,
    AUTOMATIC,
)
BREAKER = Rule(
    limits.BREAKER,
    "The channel sent too much and was stopped.",
    lambda case: case.beyond(limits.BREAKER),
    again=True,
    for_a_person=True,
)
MUTING = frozenset({REPEATED_TEXT.name, ECHO.name})

RULES: tuple[Rule | Pause, ...] = (
    DISABLED,
    Rule("stopped", "", lambda case: case.standing.stopped, again=True, for_a_person=True),
    # Whom we never write to.
    Rule(
        "own_number",
        "The sender is a number of ours.",
        lambda case: case.to in case.terms.own_numbers,
        again=True,
    ),
    Rule(
        "emergency_number",
        "The sender is an emergency number.",
        lambda case: is_emergency(case.to, case.terms.region),
        again=True,
    ),
    Rule(
        "short_code",
        "The sender is a short code, which this channel does not answer.",
        lambda case: case.sender_kind == "short_code" and not case.terms.short_codes,
        again=True,
    ),
    Rule(
        "alphanumeric_sender",
        "The sender is a name, which cannot be written to.",
        lambda case: case.sender_kind == "alphanumeric",
    ),
    Rule(
        "unreadable_sender",
        "The sender cannot be read as a phone number.",
        lambda case: case.sender_kind not in ("number", "short_code", "alphanumeric"),
    ),
    Rule(
        "costly_number", "Texts to the sender's number cost more than others.", lambda case: is_dear(case.to)
    ),
    # What the sender has said of itself.
    OPTED_OUT,
    Rule(
        "no_auto_replies",
        "The sender's preferences say that nothing automatic is sent.",
        lambda case: case.addressee.no_auto_replies,
        AUTOMATIC,
        again=True,
    ),
    Rule(
        "provider_confirms",
        "The provider answers this word itself.",
        lambda case: case.terms.provider_confirms,
        COMMANDS,
    ),
    Rule(
        "superseded",
        "The number has said the opposite since.",
        _said_the_opposite,
        frozenset({ReplyKind.STOP, ReplyKind.START}),
        again=True,
    ),
    Rule(
        "undecided",
        "No engine could tell what the texts mean, so there is nothing to answer yet.",
        lambda case: case.label == Label.UNDECIDED,
        CONSENT_NEEDED,
    ),
    # What no person has written.
    Rule(
        "nothing_to_read",
        "There is no text that could be read: it is empty, encrypted, or stands for a picture.",
        lambda case: bool(case.texts) and all(map(machines.is_unreadable, case.texts)),
        AUTOMATIC,
    ),
    Rule(
        "verification_code",
        "The text is a verification code.",
        lambda case: machines.has_code(case.texts),
        AUTOMATIC,
    ),
    Rule(
        "looks_automatic",
        "The text looks as if a machine had written it.",
        lambda case: machines.is_automatic(case.texts),
        AUTOMATIC,
    ),
    Rule(
        "muted",
        "",
        lambda case: case.standing.muted and f"The sender is muted ({case.standing.muted}).",
        AUTOMATIC,
        again=True,
    ),
    ECHO,
    REPEATED_TEXT,
    # What a person decides about may still be sent, so it must not be too long.
    Rule("too_long", "", lambda case: too_long(case.segments, case.terms.voice.max_segments)),
    Rule(
        "sounds_like_opt_out",
        "It sounds as if somebody wants no more texts: a person decides whether to answer or to opt the number out.",
        lambda case: case.sounds_like_opt_out,
        AUTOMATIC,
        for_a_person=True,
    ),
    Rule(
        "vip",
        "The sender is a VIP: a person answers, or lets the reply go.",
        lambda case: case.addressee.is_vip,
        AUTOMATIC,
        for_a_person=True,
    ),
    Rule(
        "held",
        "The conversation was processed long after it took place: a person decides whether it is still to be answered.",
        lambda case: case.when_stale == "hold",
        AUTOMATIC,
        for_a_person=True,
    ),
    Rule(
        "stale",
        "The conversation was processed long after it took place.",
        lambda case: case.when_stale == "skip" or (case.kind in COMMANDS and case.when_stale == "hold"),
    ),
    # Not now.
    Rule(
        "quiet_hours",
        "It is within the channel's quiet hours.",
        lambda case: case.terms.quiet.policy == QuietPolicy.DROP and case.quiet_for > 0,
        CONSENT_NEEDED,
        again=True,
    ),
    Rule(limits.PER_HOUR, "", lambda case: case.beyond(limits.PER_HOUR), again=True),
    Rule(limits.PER_DAY, "", lambda case: case.beyond(limits.PER_DAY), again=True),
    Rule(limits.CEILING, "", lambda case: case.beyond(limits.CEILING), again=True, for_a_person=True),
    Pause(
        "quiet_hours",
        "It waits until the channel's quiet hours are over.",
        lambda case: case.quiet_for,
        CONSENT_NEEDED,
    ),
    Pause(
        limits.PER_MINUTE,
        "The sender was answered within the last minute: it waits until that is over.",
        lambda case: case.until_free(limits.PER_MINUTE),
    ),
    Pause(
        limits.CEILING_PER_MINUTE,
        "The ceiling of this minute is reached: it waits for the next one.",
        lambda case: case.until_free(limits.CEILING_PER_MINUTE),
    ),
    BREAKER,
)
FOR_A_PERSON = frozenset(rule.name for rule in RULES if rule.for_a_person)
# Asked by commanded.py, which knows what a command has changed.
REASONS = [
    *dict.fromkeys(rule.name for rule in RULES),
    *("nothing_new", "help_given"),
    *("moved_on", "taken_over", "unchanged"),  # what the conversation itself has against it
]


def rule_in_words(name: str) -> str:
    """A rule's name as people read it, for lists and filters."""
    return name.replace("_", " ").capitalize()


def decide(case: Case, rules: Iterable[Rule | Pause] = RULES) -> Decision:
    """The first objection, or that the reply is allowed."""
    return next((found for rule in rules if (found := rule.decide(case))), ALLOWED)


def decide_again(case: Case) -> Decision:
    """The same right before the call, by the rules whose answer may have changed since the reply was written."""
    return decide(case, (rule for rule in RULES if rule.again))
