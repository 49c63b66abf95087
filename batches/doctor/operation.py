"""Whether the parts that work in the background are there and keep up."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db.models import Q
from django_q.brokers import get_broker
from django_q.models import Schedule

from batches.choices import BatchStatus
from batches.clock import Now
from batches.leases import since_beat
from batches.models import Batch, Channel, ReportMail
from batches.models.report_mail import MailStatus
from batches.queue import SWEEP, SWEEP_QUEUE
from batches.schedules import NAMES, SWEEP_NAME
from classification import ceilings, circuit, prices
from classification.findings import Finding, ok, problem, warning
from classification.models import Ceiling, CircuitState, Meter
from classification.services import endpoints
from replies import switches

LONG_QUEUE = 200  # tasks
OLD_SWEEP = 10.0  # seconds; a leader that dies is replaced within 3
REDIS_SECONDS = 3.0
FULL = 0.9  # share of its memory
LATE_TURN = timedelta(minutes=3)  # a node looks at the schedules twice a minute


def queue() -> Iterator[Finding]:
    """The broker can be asked, and is not full."""
    url = settings.ENV.redis_url.get_secret_value()
    if url:
        yield from _redis(url)
    try:
        sizes = {name: get_broker(name).queue_size() for name in (settings.Q_CLUSTER["name"], SWEEP_QUEUE)}
    except redis.RedisError:
        return  # told above
    waiting = sizes[settings.Q_CLUSTER["name"]]
    told = f"{waiting} task(s) wait in {'Redis' if url else 'the database'}"
    if waiting > LONG_QUEUE:
        yield warning(told, "Raise WORKERS, start another worker, or see why calls are slow.")
    else:
        yield ok(told)


def _redis(url: str) -> Iterator[Finding]:
    client = redis.Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    start = time.perf_counter()
    try:
        client.ping()
    except redis.RedisError as error:
        told = f"Redis cannot be reached: {type(error).__name__}: {error}"
        yield problem(told, "Look at REDIS_URL and at the server.")
        return
    milliseconds = (time.perf_counter() - start) * 1000
    with suppress(redis.RedisError):  # hosted servers do not tell their settings
        yield from _memory(client)
    yield ok(f"Redis answers ({milliseconds:.1f} ms)")


def _memory(client: Any) -> Iterator[Finding]:
    """It has room, and drops nothing to make some."""
    told = client.info("memory")
    used, most = int(told.get("used_memory", 0)), int(told.get("maxmemory", 0))
    if most and used > FULL * most:
        yield problem(
            f"Redis has used {used / most:.0%} of its maxmemory: no task can be queued when it is full",
            "Raise maxmemory, or see what else fills it.",
        )
    policy = str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    if policy not in ("", "noeviction"):
        yield warning(f"Redis drops what it has no room for ({policy})", "Set maxmemory-policy noeviction.")


def schedule() -> Iterator[Finding]:
    """Every schedule that the service cannot run without is there, once, and comes up."""
    yield _scheduled(SWEEP_NAME, SWEEP, SWEEP_QUEUE)
    for name, (function, _) in NAMES.items():
        yield _scheduled(name, function, settings.Q_CLUSTER["name"])


def _scheduled(name: str, function: str, queue: str) -> Finding:
    rows = list(Schedule.objects.filter(Q(name=name) | Q(func=function)))
    usable = [row for row in rows if row.cluster == queue and row.repeats != 0 and row.func == function]
    if not usable:
        return problem(f"there is no schedule '{name}'", "manage.py migrate makes it anew.")
    if len(rows) > 1:
        return warning(f"{len(rows)} schedules do what '{name}' does", "Admin, Schedules: keep one.")
    return ok(f"'{name}' is there")


def turns() -> Iterator[Finding]:
    """Schedules are begun: so a node of their queue runs, which nothing else shows while there is nothing to do."""
    rows = Schedule.objects.filter(name__in=[SWEEP_NAME, *NAMES]).exclude(repeats=0)
    for row in rows.filter(next_run__lt=Now() - LATE_TURN).order_by("id"):
        what = "sweeper" if row.cluster == SWEEP_QUEUE else "worker"
        yield problem(
            f"'{row.name}' has been due since {row.next_run:%Y-%m-%d %H:%M} UTC: no {what} runs",
            f"Start a {what} (make run and deploy/ do); it looks half a minute after its start.",
        )


def sweep() -> Iterator[Finding]:
    """Somebody leads."""
    age = since_beat()
    mend = "Start the sweeper: Q_CLUSTER_NAME=sweep manage.py qnode (make run and deploy/ start it)."
    if age is None:
        yield problem("no sweep has ever run: nothing closes batches", mend)
        return
    seconds = age.total_seconds()
    if seconds > OLD_SWEEP:
        yield problem(f"the last sign of a sweep is {seconds:.0f} s old: nothing closes batches", mend)
    else:
        yield ok(f"its last sign is {seconds:.1f} s old")


def batches() -> Iterator[Finding]:
    """None is late."""
    stuck = Batch.objects.stuck(timedelta(minutes=1))
    late = stuck.exclude(status=BatchStatus.FAILED).count()
    if late:
        yield problem(
            f"{late} batch(es) are overdue or abandoned for more than a minute",
            "See that a worker and a sweeper run; then manage.py reprocess_batches --dry-run",
        )
    failed = Batch.objects.filter(status=BatchStatus.FAILED, opened_at__gt=Now() - timedelta(days=1)).count()
    if failed:
        yield warning(f"{failed} batch(es) of a day failed", "Admin, Batches: each says why.")
    if not late and not failed:
        yield ok("none is late")


def report_mails() -> Iterator[Finding]:
    """The newest report has reached everybody who is to have it; what is just being sent is given its time."""
    newest = ReportMail.objects.order_by("-day").values_list("day", flat=True)[:1]
    rows = ReportMail.objects.filter(day__in=list(newest), to__in=settings.REPORT_EMAIL_TO)
    rows = rows.exclude(status=MailStatus.SENT)
    for row in rows.exclude(status=MailStatus.SENDING, tried_at__gt=Now() - LATE_TURN).order_by("to"):
        yield warning(
            f"the report of {row.day} to {row.to}: {row.get_status_display().lower()} {row.error}".rstrip(),
            "Look at EMAIL_URL, at REPORT_EMAIL_TO and at the mail server's own log (docs/report.md).",
        )


def breaker() -> Iterator[Finding]:
    """The model is being asked."""
    for endpoint in endpoints():
        state = circuit.state_of(endpoint)
        if state["state"] != CircuitState.CLOSED:
            yield warning(
                f"it is left alone after failures ({state['last_error']}), until {state['next_try_at']:%H:%M:%S} UTC",
                "It is tried again by itself; Admin, Model circuits, has it tried at once.",
            )


def price() -> Iterator[Finding]:
    """What the model costs can be told and limited."""
    for endpoint in endpoints():
        if not prices.has_price(endpoint.model):
            yield warning(
                f"no price of {endpoint.model} is known: what it costs is in no figure and under no ceiling",
                "Admin, Prices: set it; 0 where it costs nothing.",
            )


def ceilings_in_money() -> Iterator[Finding]:
    """Each counts what replies cost on every channel that it is for."""
    priced = list(Channel.objects.filter(segment_price__isnull=False))
    for ceiling in Ceiling.objects.filter(meter=Meter.MONEY, most__isnull=False):
        for channel in priced:
            if told := ceilings.objection(ceiling, channel):
                yield warning(f"not every channel is limited. {told}", "Admin, Ceilings.")


def switches_thrown() -> Iterator[Finding]:
    """Nobody has stopped replies, or who has."""
    for row in switches.stopped():
        where = f"of channel {row.channel}" if row.channel else "of every channel"
        yield warning(
            f"replies {where} are stopped, by {row.actor}: {row.reason}",
            "Admin, Stop replies: let them go on.",
        )
