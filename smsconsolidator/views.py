"""Health: what a load balancer, an uptime monitor and a deployment ask."""

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from batches import spool
from batches.deadline import within
from batches.leases import since_beat
from batches.pending import pending_migrations
from classification import circuit
from classification import services as classification
from classification.outage import disconnect
from replies import switches
from smsconsolidator import __version__
from smsconsolidator.metrics import may_read

log = logging.getLogger(__name__)

# Seconds. A leader that dies is replaced within 3 s; four times that, and nobody closes batches.
SWEEP_MAX_AGE = 10
DATABASE_SECONDS = 2.5

# What is no stranger's business: whoever reaches the service's port may ask.
PRIVATE = frozenset({"by", "reason", "last_error"})

State = dict[str, Any]


@csrf_exempt  # they change nothing; another method is a 405, not a 403
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 while this process answers, whatever else is broken."""
    return JsonResponse({"status": "ok", "version": __version__})


@csrf_exempt
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when messages can be taken and batches are being closed, else 503; with each part's state.

    The model and what was stopped are told of, no more: without a model the next engine decides, and messages are taken
    in while no reply leaves. Who stopped it and why, and what the model said, is for those who may read the metrics.
    """
    hidden = frozenset() if may_read(request) else PRIVATE
    told: State = {}
    try:
        with within(DATABASE_SECONDS):
            migrations = _migrations()
            checks = {"database": {"ok": True}, "migrations": migrations, "sweep": _sweep(migrations)}
            told = _model(hidden) | _stopped(hidden) if migrations["ok"] else {}
    except Error as error:
        log.warning("NOT READY | Error: %(error)s", {"error": str(error)})
        disconnect()
        checks = {"database": {"ok": False, "problem": "cannot be read"}}
    checks["spool"] = _spool()
    ready = all(check["ok"] for check in checks.values())
    body = {"status": "ready" if ready else "not ready", "version": __version__, "checks": checks} | told
    response = JsonResponse(body, status=200 if ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # a probe's 503 is no ERROR in Django's log
    return response


def _migrations() -> State:
    pending = pending_migrations()
    return {"ok": not pending, "pending": len(pending)}


def _sweep(migrations: State) -> State:
    since = since_beat() if migrations["ok"] else None
    if since is None:
        return {"ok": False, "age_seconds": None}
    age = since.total_seconds()
    return {"ok": age < SWEEP_MAX_AGE, "age_seconds": round(age, 1)}


def _model(hidden: Collection[str]) -> State:
    """Whether the model is being asked; nothing where none is to be asked."""
    states = [circuit.state_of(endpoint) for endpoint in classification.endpoints()]
    return {"model": _without(hidden, states[0])} if states else {}


def _stopped(hidden: Collection[str]) -> State:
    """Whose replies are stopped, by whom and why."""
    stops = [
        {"channel": str(stop.channel or "all"), "by": stop.actor, "reason": stop.reason, "since": stop.at}
        for stop in switches.stopped()
    ]
    return {"stopped": [_without(hidden, stop) for stop in stops]}


def _without(hidden: Collection[str], state: State) -> State:
    return {name: value for name, value in state.items() if name not in hidden}


def _spool() -> State:
    """What waits on this machine for the database, and what could not be stored even then."""
    try:
        state = spool.here().state()
    except spool.SpoolUnavailable as error:
        log.warning("NOT READY | Spool: %(error)s", {"error": str(error)})
        return {"ok": False, "problem": "cannot be used"}
    age = max(0.0, (datetime.now(UTC) - state.oldest).total_seconds()) if state.oldest else None
    oldest = None if age is None else round(age, 1)
    return {"ok": True, "waiting": state.waiting, "failed": state.failed, "oldest_age_seconds": oldest}
