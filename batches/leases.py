"""Roles that one process at a time holds, by rows and the database's clock."""

from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, Q

from batches.clock import Now
from batches.models import Lease

TTL = timedelta(seconds=2.5)
# How far ahead no lease and no beat can lie but one from before the clock was set back. A multiple of TTL: whoever
# waited for the row compares by the time at which it began to wait.
IMPOSSIBLE = 4 * TTL
LEADER = "sweep-leader"
STANDBY = "sweep-standby"


def take(name: str, holder: UUID) -> bool:
    """Take or renew the role for TTL; False while another holder's lease runs."""
    free = Q(holder=holder) | Q(holder=None) | ~_runs()
    return Lease.objects.filter(free, name=name).update(holder=holder, until=Now() + TTL, beat_at=Now()) == 1


def release(name: str, holder: UUID) -> None:
    """Give the role up at once, if it is still ours."""
    Lease.objects.filter(name=name, holder=holder).update(holder=None, until=None)


def is_held(name: str) -> bool:
    """Whether somebody holds the role now."""
    return Lease.objects.filter(_runs(), name=name).exists()


def _runs() -> Q:
    """Not over, and not from before the clock was set back: nothing would be closed until that time came again."""
    return Q(until__gte=Now(), until__lte=Now() + IMPOSSIBLE)


def since_beat() -> timedelta | None:
    """How long ago a sweep last showed that it lives, by taking or renewing the lead; None before the first time.

    By the database's clock, so that no machine's clock makes a sweep look old. A sign that lies ahead is from before
    that clock was set back, and tells no more of now than one that lies as far behind.
    """
    age = ExpressionWrapper(Now() - F("beat_at"), output_field=DurationField())
    since = Lease.objects.filter(name=LEADER).values_list(age, flat=True).first()
    return None if since is None else abs(since)
