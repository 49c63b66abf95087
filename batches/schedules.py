"""The schedules that must exist, kept by name after every migration."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django_q.models import Schedule

from batches.channels import DEFAULT
from batches.clock import Now
from batches.leases import LEADER, STANDBY
from batches.models import Channel, Lease
from batches.queue import SWEEP, SWEEP_QUEUE

SWEEP_NAME = "Close due batches"
# What looks every few minutes whether something is due, and does nothing where no setting asks for it. A day's report
# is read from the rows in one piece, for which a usual task's time may be too short.
EVERY_MINUTES = 5
FAR = timedelta(minutes=2 * EVERY_MINUTES)
LONG = 140  # seconds, less than the queue's `retry`
NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "Mail the daily report": ("batches.tasks.mail_report", {"q_options": {"timeout": LONG}}),
    "Purge old texts": ("batches.tasks.purge_messages", {}),
}


def sync(**_kwargs: Any) -> None:
    """Create what the service cannot run without: the schedules, the leases' rows, the default channel."""
    wanted = {
        "func": SWEEP,
        "schedule_type": Schedule.MINUTES,
        "minutes": 1,
        "cluster": SWEEP_QUEUE,
        "repeats": -1,
    }
    Schedule.objects.update_or_create(name=SWEEP_NAME, defaults=wanted)
    for name, (function, options) in NAMES.items():
        _keep(name, function, options)
    for name in (LEADER, STANDBY):
        Lease.objects.get_or_create(name=name)
    Channel.objects.get_or_create(slug=DEFAULT)


def recall() -> None:
    """Have come up now what would come up in hours or never: it was planned while a node's clock was ahead."""
    lost = Q(next_run=None) | Q(next_run__gt=Now() + FAR)
    switched_off = Q(repeats=0)
    ours = Schedule.objects.filter(name__in=[SWEEP_NAME, *NAMES]).exclude(switched_off)
    ours.filter(lost).update(next_run=Now())


def _keep(name: str, function: str, options: dict[str, Any]) -> None:
    wanted = {
        "func": function,
        "schedule_type": Schedule.MINUTES,
        "minutes": EVERY_MINUTES,
        "cluster": settings.Q_CLUSTER["name"],
        "kwargs": repr(options) if options else None,
        "repeats": -1,
    }
    Schedule.objects.update_or_create(name=name, defaults=wanted)
