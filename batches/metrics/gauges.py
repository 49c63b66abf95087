"""How things are now. Each is asked of an index that holds open work alone, or of this machine's spool."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, Min, Q
from django_q.brokers import get_broker

from batches import spool
from batches.choices import BatchStatus
from batches.clock import Now
from batches.leases import since_beat
from batches.models import Batch
from batches.queue import SWEEP_QUEUE, away
from batches.state import DISPATCH_GRACE
from classification import circuit
from classification.models import CircuitState
from classification.services import endpoints
from replies import switches

log = logging.getLogger(__name__)

BATCHES = "Batches that are not settled, by status."
EVERY_CHANNEL = "*"
UNSETTLED = [BatchStatus.CLOSED, BatchStatus.PROCESSING]


@dataclass(frozen=True)
class Gauge:
    """One value of now."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def of_rows() -> Iterator[Gauge]:
    """What the database knows, the same on every machine."""
    yield from _open_batches()
    yield from _unsettled_batches()
    yield from _queues()
    yield from _sweep()
    yield from _circuits()
    yield from _switches()


def of_this_machine() -> Iterator[Gauge]:
    """What waits on this machine's disk."""
    try:
        state = spool.here().state()
    except spool.SpoolUnavailable as error:
        log.warning("METRICS | The spool cannot be read: %(error)s", {"error": str(error)})
        yield Gauge("spool_up", "Whether this machine's spool can be used.", 0)
        return
    yield Gauge("spool_up", "Whether this machine's spool can be used.", 1)
    help_text = "Messages in this machine's spool: waiting for the database, or set aside as not storable."
    yield Gauge("spool_messages", help_text, state.waiting, (("state", "waiting"),))
    yield Gauge("spool_messages", help_text, state.failed, (("state", "failed"),))
    age = max(0.0, (datetime.now(UTC) - state.oldest).total_seconds()) if state.oldest else 0
    yield Gauge("spool_oldest_seconds", "How long the oldest message has been waiting in the spool.", age)


def _open_batches() -> Iterator[Gauge]:
    now: dict[str, Any] = Batch.objects.filter(status=BatchStatus.OPEN).aggregate(
        number=Count("id"), late=Count("id", filter=Q(closes_at__lte=Now())), age=elapsed(Min("closes_at"))
    )
    yield Gauge("batches", BATCHES, now["number"], (("status", "open"),))
    yield Gauge("batches_overdue", "Open batches whose window is over.", now["late"])
    yield Gauge(
        "batch_oldest_overdue_seconds",
        "For how long the oldest of those has been over.",
        _seconds(now["age"]),
    )


def _unsettled_batches() -> Iterator[Gauge]:
    waiting = Q(status=BatchStatus.CLOSED, postponed=False)
    now: dict[str, Any] = Batch.objects.filter(status__in=UNSETTLED).aggregate(
        n_closed=Count("id", filter=waiting),
        n_postponed=Count("id", filter=Q(status=BatchStatus.CLOSED, postponed=True)),
        n_processing=Count("id", filter=Q(status=BatchStatus.PROCESSING)),
        age=elapsed(Min("lease_until", filter=waiting)),
    )
    for status in ("closed", "postponed", "processing"):
        yield Gauge("batches", BATCHES, now[f"n_{status}"], (("status", status),))
    # The lease was given for DISPATCH_GRACE when the batch was queued.
    age = 0 if now["age"] is None else now["age"].total_seconds() + DISPATCH_GRACE.total_seconds()
    yield Gauge(
        "queue_oldest_seconds", "For how long the longest waiting batch has been queued.", max(0.0, age)
    )


def _queues() -> Iterator[Gauge]:
    for queue in (settings.Q_CLUSTER["name"], SWEEP_QUEUE):
        try:
            size = get_broker(queue).queue_size()
        except away() as error:
            log.warning("METRICS | The broker cannot be asked: %(error)s", {"error": str(error)})
            return
        yield Gauge("queue_tasks", "Tasks that wait for a worker.", size, (("queue", queue),))


def _sweep() -> Iterator[Gauge]:
    if (age := since_beat()) is not None:
        yield Gauge("sweep_age_seconds", "Time since a sweep last showed that it lives.", _seconds(age))


def _circuits() -> Iterator[Gauge]:
    for endpoint in endpoints():
        is_open = circuit.state_of(endpoint)["state"] != CircuitState.CLOSED
        labels = (("engine", endpoint.engine), ("model", endpoint.model))
        yield Gauge("model_circuit_open", "Whether the model is left alone after failures.", is_open, labels)


def _switches() -> Iterator[Gauge]:
    """Every channel together is always told, so that an alert sees it change."""
    stopped = {EVERY_CHANNEL: 0, **{str(row.channel or EVERY_CHANNEL): 1 for row in switches.stopped()}}
    for channel, value in stopped.items():
        yield Gauge(
            "replies_stopped", "Whether somebody has stopped all replies.", value, (("channel", channel),)
        )


def elapsed(since: Any) -> "ExpressionWrapper[Any]":
    """How long it is since then, by the database's clock."""
    return ExpressionWrapper(Now() - since, output_field=DurationField())


def _seconds(age: Any) -> float:
    return 0.0 if age is None else max(0.0, float(age.total_seconds()))
