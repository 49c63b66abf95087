"""Roles that one process at a time holds, by rows and the database's clock."""

from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, Q

from batches.clock import Now
from batches.models import Lease

TTL = timedelta(seconds=2.5)
LEADER = "sweep-leader"
STANDBY = "sweep-standby"


def take(name: str, holder: UUID) -> bool:
    """Take or renew the role for TTL; False while another holder's lease runs."""
    free = Q(holder=holder) | Q(holder=None) | Q(until__lt=Now())
    return Lease.objects.filter(free, name=name).update(holder=holder, until=Now() + TTL, beat_at=Now()) == 1


def release(name: str, holder: UUID) -> None:
    """Give the role up at once, if it is still ours."""
    Lease.objects.filter(name=name, holder=holder).update(holder=None, until=None)


def is_held(name: str) -> bool:
    """Whether somebody holds the role now."""
    return Lease.objects.filter(name=name, until__gte=Now()).exists()


def since_beat() -> timedelta | None:
    """How long ago a sweep last showed that it lives, by taking or renewing the lead; None before the first time.

    By the database's clock, so that no machine's clock makes a sweep look old.
    """
    age = ExpressionWrapper(Now() - F("beat_at"), output_field=DurationField())
    return Lease.objects.filter(name=LEADER).values_list(age, flat=True).first()
