"""/healthz and /readyz."""

import threading
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from batches.leases import LEADER
from batches.models import Lease
from classification.models import Circuit
from classification.services import endpoints
from smsconsolidator import __version__
from tests.support.clocks import off_by


def sweep_was(seconds: float) -> None:
    beat = datetime.now(UTC) - timedelta(seconds=seconds)
    Lease.objects.update_or_create(name=LEADER, defaults={"beat_at": beat})


def test_it_is_healthy_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": __version__})


@pytest.mark.django_db
def test_it_is_ready_while_a_sweep_is_alive(client: Client) -> None:
    sweep_was(seconds=1)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["checks"]["sweep"]["age_seconds"] < 10


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [60, -600])
def test_it_is_not_ready_when_the_last_sweep_is_old_or_from_before_the_clock_was_set_back(
    client: Client, seconds: float
) -> None:
    sweep_was(seconds)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["sweep"]["ok"] is False
    assert answer.json()["checks"]["database"] == {"ok": True}


@pytest.mark.django_db
@pytest.mark.parametrize("off", [-60, 60])
@pytest.mark.parametrize(("seconds", "status"), [(1, 200), (30, 503)])
def test_the_nodes_own_clock_tells_nothing_of_the_sweep(
    client: Client, monkeypatch: pytest.MonkeyPatch, off: int, seconds: float, status: int
) -> None:
    sweep_was(seconds)
    for module in ("smsconsolidator.views", "django.utils.timezone"):
        monkeypatch.setattr(f"{module}.datetime", off_by(timedelta(seconds=off)))
    assert client.get("/readyz").status_code == status


@pytest.mark.django_db
def test_it_is_not_ready_before_the_first_sweep(client: Client) -> None:
    Lease.objects.update(beat_at=None)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["sweep"] == {"ok": False, "age_seconds": None}


@pytest.mark.django_db
def test_it_is_not_ready_with_a_migration_missing(client: Client) -> None:
    sweep_was(seconds=1)
    MigrationRecorder(connection).record_unapplied("batches", "0001_initial")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == {"ok": False, "pending": 1}


def unreachable_database(answers: list[tuple[int, bytes]]) -> None:
    """Ask in a thread of its own, whose connection leads nowhere."""
    connection.settings_dict = {**connection.settings_dict, "NAME": "/nowhere/at/all"}
    answer = Client().get("/readyz")
    answers.append((answer.status_code, answer.content))


@pytest.mark.django_db
def test_it_is_not_ready_without_a_database() -> None:
    answers: list[tuple[int, bytes]] = []
    thread = threading.Thread(target=unreachable_database, args=(answers,))
    thread.start()
    thread.join()
    status, body = answers[0]
    assert status == 503
    assert b'"database": {"ok": false' in body
    assert b"nowhere" not in body
    assert settings.SECRET_KEY.encode() not in body


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "told"), [("sk-1", {"state": "closed"}), ("", None)])
def test_it_tells_whether_the_model_is_asked(
    client: Client, settings: Any, key: str, told: dict[str, str] | None
) -> None:
    settings.OPENAI_API_KEY = key
    assert client.get("/readyz").json().get("model") == told


@pytest.mark.django_db
def test_it_is_ready_without_the_model(client: Client, settings: Any) -> None:
    settings.OPENAI_API_KEY = "sk-1"
    [endpoint] = endpoints()
    next_try = datetime(2030, 1, 1, tzinfo=UTC)
    Circuit.objects.create(**asdict(endpoint), state="open", last_error="timeout", next_try_at=next_try)
    sweep_was(seconds=1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["model"] == {
        "state": "open",
        "last_error": "timeout",
        "next_try_at": "2030-01-01T00:00:00Z",
    }


def test_it_refuses_other_methods(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_it_logs_no_error_for_a_probe(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    Lease.objects.update(beat_at=None)
    assert client.get("/readyz").status_code == 503
    assert caplog.records == []
