"""The one place that puts work into django-q2's queue. Only ids travel: the rows are the truth."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

from batches.broker import Broker

log = logging.getLogger(__name__)

PROCESS = "batches.tasks.process_batch"
SWEEP = "batches.tasks.sweep"
SWEEP_QUEUE = "sweep"


def away() -> type[Exception]:
    """What the broker raises while it is away: for `except`, which asks only then.

    redis-py is a tenth of a process's start; with the ORM broker nobody needs it.
    """
    from redis.exceptions import RedisError

    return RedisError


def enqueue(batch_ids: Sequence[int]) -> None:
    """Queue one task for each batch.

    With the ORM broker the tasks are rows of the caller's transaction. Redis knows no transactions: there the tasks
    follow the commit, and one that is lost on the way is queued again by the sweep.
    """
    if "orm" in settings.Q_CLUSTER:
        _push(batch_ids)
    else:
        transaction.on_commit(lambda: _push(batch_ids), robust=True)


def backlog(queue: str = "") -> int | None:
    """How many tasks wait for a worker of `queue` (the batches' own by default); None while the broker is away."""
    try:
        return int(get_broker(queue or settings.Q_CLUSTER["name"]).queue_size())
    except away():
        log.exception("The broker cannot be asked")
        return None


def enqueue_sweep() -> None:
    """Queue one sweep now: the scheduler looks only every 30 s. Without its broker, the schedule has to do."""
    try:
        async_task(SWEEP, cluster=SWEEP_QUEUE)
    except away():
        log.exception("The sweep cannot be queued")


class _Tray:
    """What async_task takes for its broker: it keeps the signed tasks, to be stored together."""

    def __init__(self, list_key: str) -> None:
        self.list_key = list_key
        self.tasks: list[str] = []

    def enqueue(self, task: str) -> int:
        self.tasks.append(task)
        return len(self.tasks)


def _push(batch_ids: Sequence[int]) -> None:
    name = settings.Q_CLUSTER["name"]
    tray = _Tray(name)
    for batch_id in batch_ids:
        async_task(PROCESS, batch_id, cluster=name, broker=tray)
    broker = get_broker(name)
    if isinstance(broker, Broker):
        broker.enqueue_all(tray.tasks)
        return
    for task in tray.tasks:
        broker.enqueue(task)
