"""The last look before a reply is claimed for sending: how things stand now, what the policy says, and the counting.

All of it in the transaction that makes the claim. Counting is the last step and refuses by itself what would get
above a limit, so whoever loses a race for the last reply looks again and is told which limit it was.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import transaction

from classification import usage
from classification.clock import Now
from replies import limits, switches
from replies.case import ALLOWED, Case, Decision
from replies.models import Mute
from replies.policy import BREAKER, MUTING
from replies.standing import Key, look

log = logging.getLogger(__name__)

LOOKS = 5  # of one reply, while others take what is left of a limit
BUSY = Decision(False, "busy", "Too many replies are about to be sent: it waits for a moment.", wait=1)


def at_hand(case: Case, *, counted: bool = False) -> Case:
    """The case with what the database knows now. What was `counted` before breaks no limit by itself."""
    case = case if counted else _bounded(case)
    return replace(case, standing=look(case.to, case.channel_id, _asked(case)))


def all_at_hand(cases: Iterable[Case]) -> list[Case]:
    """The same for replies to one sender on one channel of which one may be sent: one look serves them all."""
    bounded = [_bounded(case) for case in cases]
    if not bounded:
        return []
    keys = dict.fromkeys(key for case in bounded for key in _asked(case))
    standing = look(bounded[0].to, bounded[0].channel_id, list(keys))
    return [replace(case, standing=standing) for case in bounded]


def _bounded(case: Case) -> Case:
    bounds = limits.bounds(case.kind, case.channel_id, case.to, case.segments, case.terms.voice)
    return replace(case, bounds=bounds)


def _asked(case: Case) -> list[Key]:
    """Of what is used, that which the case's limits and texts ask for."""
    keys = [bound.count.key for bound in case.bounds]
    if case.texts:
        keys += [limits.heard(case.channel_id, case.to, case.texts).key]
        keys += limits.echoes(case.channel_id, case.to, case.texts)
    return keys


def admit(
    case: Case,
    body: str,
    judge: Callable[[Case], Decision],
    *,
    turn: Callable[[], float] = lambda: 0,
    counted: bool = False,
) -> Decision:
    """Whether the reply is to be sent now; if so, it is counted. `turn` says how long the provider has it wait.

    What follows from a refusal (a muted sender, a stopped channel) is done. Call it inside a transaction.
    """
    heard = [limits.heard(case.channel_id, case.to, case.texts)] if case.texts else []
    turn = cache(turn)  # one turn, however often we look: each that is taken has all others wait longer
    for _ in range(LOOKS):
        case = at_hand(case, counted=counted)
        decision = judge(case)
        if decision.allowed and (wait := turn()):
            decision = Decision(False, wait=wait)
        if not decision.allowed:
            usage.take(heard)
            _follow(case, decision)
            return decision
        told = [limits.told(case.channel_id, case.to, body)] if not counted else []
        if not usage.take([bound.count for bound in case.bounds] + told + heard):
            _tell_of_full_ceilings(case)
            return ALLOWED
    return BUSY


def _follow(case: Case, decision: Decision) -> None:
    if decision.reason in MUTING:
        mute(case.channel_id, case.to, decision.reason)
    if decision.reason == BREAKER.name:
        switches.throw(case.channel_id, stop=True, reason=decision.explanation, actor=switches.BREAKER)


def mute(channel_id: int, number: str, reason: str) -> None:
    """Give the sender no automatic replies for MUTE_HOURS."""
    until = Now() + timedelta(hours=settings.MUTE_HOURS)
    row = Mute(channel_id=channel_id, number=number, reason=reason, since=Now(), until=until)
    Mute.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["channel", "number"],
        update_fields=["reason", "since", "until"],
    )
    fields = {"sender": number, "hours": settings.MUTE_HOURS, "reason": reason}
    transaction.on_commit(
        lambda: log.warning("SENDER MUTED | From: %(sender)s | For: %(hours)g h | Reason: %(reason)s", fields)
    )


def _tell_of_full_ceilings(case: Case) -> None:
    for bound in limits.nearly_full(case.bounds, case.standing):
        fields = {"ceiling": bound.limit, "until": usage.end_of(bound.count.until)}
        transaction.on_commit(
            lambda fields=fields: log.error("CEILING REACHED | %(ceiling)s | Until: %(until)s UTC", fields)  # type: ignore[misc]
        )
