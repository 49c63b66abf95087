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


def since_beat(name: str = LEADER) -> timedelta | None:
    """How long ago the role was last taken or renewed; None before the first time."""
    age = ExpressionWrapper(Now() - F("beat_at"), output_field=DurationField())
    return Lease.objects.filter(name=name).values_list(age, flat=True).first()
