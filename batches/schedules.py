"""The schedule that must exist, kept by name after every migration."""

from typing import Any

from django_q.models import Schedule

from batches.leases import LEADER, STANDBY
from batches.models import Channel, Lease
from batches.queue import SWEEP, SWEEP_QUEUE

SWEEP_NAME = "Close due batches"


def sync(**_kwargs: Any) -> None:
    """Create what the service cannot run without: the minute schedule, the leases' rows, the default channel."""
    wanted = {
        "func": SWEEP,
        "schedule_type": Schedule.MINUTES,
        "minutes": 1,
        "cluster": SWEEP_QUEUE,
        "repeats": -1,
    }
    Schedule.objects.update_or_create(name=SWEEP_NAME, defaults=wanted)
    for name in (LEADER, STANDBY):
        Lease.objects.get_or_create(name=name)
    Channel.objects.get_or_create(slug="default")
