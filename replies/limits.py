"""How much is sent: to one sender, by a channel, by all of them. What a reply counts against, and what that would be.

Senders' minutes, hours and days begin with a reply; those of ceilings are the clock's (UTC). All of it is counted in
the transaction that claims a reply for sending, so that two workers at once stay within a limit.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from classification import ceilings, rows
from classification.folding import fold
from classification.models import Meter, Period
from classification.usage import Count, channel_scope, sender_scope
from replies.models import ReplyKind
from replies.standing import Key, Standing
from replies.voice import Voice

log = logging.getLogger(__name__)

COMMANDS = frozenset({ReplyKind.STOP, ReplyKind.START, ReplyKind.HELP})
DAY = 86_400  # seconds
SAME_TEXT_WITHIN = 600  # seconds
SHORTEST_ECHO = 12  # letters and digits: people say "thank you", too
MOST_ECHOES = 5  # texts of a conversation that are compared with what we said

PER_MINUTE, PER_HOUR, PER_DAY = "sender_per_minute", "sender_per_hour", "sender_per_day"
CEILING, CEILING_PER_MINUTE, BREAKER = "ceiling", "ceiling_per_minute", "breaker"


@dataclass(frozen=True)
class Bound:
    """One limit that a reply counts against. `rule` is the policy's; `limit` says it for people."""

    rule: str
    limit: str
    count: Count


def bounds(kind: str, channel_id: int, number: str, segments: int, voice: Voice) -> list[Bound]:
    """Every limit that a reply counts against. `voice` knows what a segment costs, and in which currency."""
    return [*_of_sender(kind, channel_id, number), *_of_channel(channel_id, segments, voice)]


def exceeded(bounds: Sequence[Bound], rule: str, standing: Standing) -> Bound | None:
    """The first limit of the policy's rule that the reply would break."""
    for bound in bounds:
        most, used = bound.count.most, standing.used.get(bound.count.key, 0)
        if bound.rule == rule and most is not None and Decimal(used) + bound.count.amount > most:
            return bound
    return None


def nearly_full(bounds: Sequence[Bound], standing: Standing) -> Iterator[Bound]:
    """The ceilings that this reply, which may still be sent, fills: the next one would be too many."""
    for bound in bounds:
        most, used = bound.count.most, standing.used.get(bound.count.key, 0)
        if bound.rule == CEILING and most is not None and Decimal(used) + 2 * bound.count.amount > most:
            yield bound


def heard(channel_id: int, number: str, texts: Sequence[str]) -> Count:
    """That the sender has written this; more than one text are heard as one."""
    what = f"heard:{fingerprint(' '.join(texts))}"
    return Count(sender_scope(channel_id, number), what, rows.now(SAME_TEXT_WITHIN))


def told(channel_id: int, number: str, body: str) -> Count:
    """That the sender is told this."""
    return Count(sender_scope(channel_id, number), f"told:{fingerprint(body)}", rows.now(DAY))


def echoes(channel_id: int, number: str, texts: Sequence[str]) -> list[Key]:
    """What would be known of the texts if they were replies of ours; short ones are people's own words, too."""
    long = [text for text in texts if len(fold(text)) >= SHORTEST_ECHO][:MOST_ECHOES]
    return [told(channel_id, number, text).key for text in long]


def fingerprint(text: str) -> str:
    """The same for texts of the same letters and digits. Not reversible for long texts; short-lived for all."""
    return hashlib.sha256((fold(text) or text.strip()).encode("utf-8", "replace")).hexdigest()[:32]


def _of_sender(kind: str, channel_id: int, number: str) -> Iterator[Bound]:
    """The answer to a command waits for nothing, and the confirmation of an opt-out is limited by the day alone."""
    scope = sender_scope(channel_id, number)
    limits = [
        (PER_MINUTE, settings.SENDER_REPLIES_PER_MINUTE, 60, "minute"),
        (PER_HOUR, settings.SENDER_REPLIES_PER_HOUR, 3600, "hour"),
        (PER_DAY, settings.SENDER_REPLIES_PER_DAY, DAY, "day"),
    ]
    for rule, most, seconds, period in limits:
        exempt = {PER_MINUTE: kind in COMMANDS, PER_HOUR: kind == ReplyKind.STOP}.get(rule, False)
        if most and not exempt:
            limit = f"SENDER_REPLIES_PER_{period.upper()} is {most}"
            yield Bound(rule, limit, Count(scope, f"replies/{period}", rows.now(seconds), most=Decimal(most)))


def _of_channel(channel_id: int, segments: int, voice: Voice) -> Iterator[Bound]:
    """Money in another currency than a ceiling's is not added to it: doctor tells of that."""
    amounts: dict[str, Decimal] = {
        Meter.REPLIES: Decimal(1),
        Meter.SEGMENTS: Decimal(segments),
        Meter.MONEY: (voice.price or Decimal(0)) * segments,
    }
    for limit, count in ceilings.counts(channel_id, amounts):
        if not ceilings.counts_currency(limit, voice.currency):
            continue
        rule = CEILING_PER_MINUTE if limit.period == Period.MINUTE else CEILING
        yield Bound(rule, ceilings.in_words(limit), count)
    if most := settings.BREAKER_REPLIES_PER_MINUTE:
        count = Count(channel_scope(channel_id), "breaker/minute", Period.MINUTE, most=Decimal(most))
        yield Bound(BREAKER, f"more than {most} replies in a minute (BREAKER_REPLIES_PER_MINUTE)", count)
