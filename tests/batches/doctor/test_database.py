"""Migrations, clocks and connections."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from batches.doctor import database
from tests.batches.doctor.conftest import Doctor

pytestmark = pytest.mark.django_db


def test_migrations_that_are_missing_or_of_a_newer_release(doctor: Doctor) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("batches", "9999_of_tomorrow")
    assert doctor()["migrations"]["state"] == "warning"
    recorder.record_unapplied("batches", "9999_of_tomorrow")
    recorder.record_unapplied("django_q", "0001_initial")
    told = doctor()
    assert told["migrations"]["mend"] == "manage.py migrate"
    assert "schedule" not in {line["about"] for line in told["lines"]}  # its table may not be there


def test_a_clock_that_is_wrong(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        assert any(line["told"] == "SQLite has this machine's" for line in doctor()["lines"])
        return
    for seconds, state in ((5, "warning"), (-500, "problem")):

        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None, seconds: int = seconds) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(seconds=seconds)

        monkeypatch.setattr(database, "datetime", Clock)
        assert doctor()["clocks"]["state"] == state


def test_connections_that_postgresql_does_not_have(doctor: Doctor, settings: Any) -> None:
    if connection.vendor != "postgresql":
        return
    settings.ENV = settings.ENV.model_copy(update={"web_processes": 60, "web_threads": 100})
    told = doctor()["database"]
    assert told["state"] == "problem"
    assert "connections" in told["told"]


def test_a_database_that_cannot_be_reached(doctor: Doctor) -> None:
    with connection.execute_wrapper(_refuse):
        told = doctor()
    assert told["exit"] == 1
    assert "the server has gone. What it holds was not looked at" in told["database"]["told"]
    assert "sweep" not in {line["about"] for line in told["lines"]}
    assert {"provider", "model"} <= {line["about"] for line in told["lines"]}


def _refuse(*_args: Any) -> None:
    raise OperationalError("the server has gone")
