"""Health: what a load balancer, an uptime monitor and a deployment ask."""

import logging
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from batches import spool
from batches.deadline import within
from batches.outage import disconnect
from batches.sweep import last_beat
from classification import circuit
from classification import services as classification
from replies import switches
from smsconsolidator import __version__

log = logging.getLogger(__name__)

# Seconds. A leader that dies is replaced within 3 s; four times that, and nobody closes batches.
SWEEP_MAX_AGE = 10
DATABASE_SECONDS = 2.5

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
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 when messages can be taken and batches are being closed, else 503; with each part's state.

    The model and what was stopped are told of, no more: without a model the next engine decides, and messages are taken
    in while no reply leaves.
    """
    told: State = {}
    try:
        with within(DATABASE_SECONDS):
            checks = {"database": {"ok": True}, "migrations": _migrations(), "sweep": _sweep()}
            told = _model() | _stopped() if checks["migrations"]["ok"] else {}
    except (DatabaseError, InterfaceError) as error:
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
    pending = _migrations_on_disk() - MigrationRecorder(connection).applied_migrations().keys()
    return {"ok": not pending, "pending": len(pending)}


@cache
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    """Every migration of this version of the program; the files do not change under a running process."""
    return frozenset(MigrationLoader(connection=None).graph.nodes)


def _sweep() -> State:
    beat = last_beat() if _migrations()["ok"] else None
    if beat is None:
        return {"ok": False, "age_seconds": None}
    age = max(0.0, (datetime.now(UTC) - beat).total_seconds())
    return {"ok": age < SWEEP_MAX_AGE, "age_seconds": round(age, 1)}


def _model() -> State:
    """Whether the model is being asked; nothing where none is to be asked."""
    states = [circuit.state_of(endpoint) for endpoint in classification.endpoints()]
    return {"model": states[0]} if states else {}


def _stopped() -> State:
    """Whose replies are stopped, by whom and why."""
    stops = [
        {"channel": str(stop.channel or "all"), "by": stop.actor, "reason": stop.reason, "since": stop.at}
        for stop in switches.stopped()
    ]
    return {"stopped": stops}


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
