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
from django.views.decorators.http import require_safe

from batches.sweep import last_beat
from smsconsolidator import __version__

log = logging.getLogger(__name__)

# Seconds. A leader that dies is replaced within 3 s; four times that, and nobody closes batches.
SWEEP_MAX_AGE = 10

State = dict[str, Any]


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 while this process answers, whatever else is broken."""
    return JsonResponse({"status": "ok", "version": __version__})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 when messages can be taken and batches are being closed, else 503; with each part's state."""
    try:
        checks = {"database": {"ok": True}, "migrations": _migrations(), "sweep": _sweep()}
    except (DatabaseError, InterfaceError) as error:
        log.warning("NOT READY | Error: %(error)s", {"error": str(error)})
        checks = {"database": {"ok": False, "problem": "cannot be read"}}
    ready = all(check["ok"] for check in checks.values())
    body = {"status": "ready" if ready else "not ready", "version": __version__, "checks": checks}
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
