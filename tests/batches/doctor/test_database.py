"""Migrations, clocks and connections."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql
from pydantic import SecretStr

from batches.doctor import database
from smsconsolidator.env import BASE_DIR
from tests.batches.doctor.conftest import Doctor
from tests.support.pgbouncer import Pgbouncer

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


def test_memory_that_does_not_hold_the_indexes(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        return
    assert "database" not in doctor()["bad"]  # whatever it has: the tests' own is small
    monkeypatch.setattr(database, "LARGE", 1)
    monkeypatch.setattr(database, "FEW_BUFFERS", 1 << 50)
    told = doctor()["database"]
    assert told["state"] == "warning"
    assert told["told"].startswith("shared_buffers is ")
    monkeypatch.setattr(database, "FEW_BUFFERS", 1)
    assert "database" not in doctor()["bad"]


def test_a_pooler_that_is_named_as_the_server() -> None:
    if connection.vendor != "postgresql":
        return
    name = str(connection.settings_dict["NAME"])
    server = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    with Pgbouncer(server, pool=3) as pooler:
        named = _told_of_the_database(DATABASE_URL=pooler.url(name))
        assert any("leads to a pooler" in told for told in named), named
        set_apart = _told_of_the_database(DATABASE_URL=server, DATABASE_POOLER_URL=pooler.url(name))
    for told in (set_apart, _told_of_the_database(DATABASE_URL=server)):
        assert any(line.startswith("PostgreSQL") for line in told)
        assert not any("leads to a pooler" in line for line in told)


def test_a_database_that_cannot_hold_every_text_is_not_migrated() -> None:
    if connection.vendor != "postgresql":
        return
    name = f"{connection.settings_dict['NAME']}_ascii"
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as maintenance:
        quoted = sql.Identifier(name)
        maintenance.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(quoted))
        made = "CREATE DATABASE {} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
        maintenance.execute(sql.SQL(made).format(quoted))
        try:
            ran = _manage("migrate", DATABASE_URL=f"{server}/{name}")
        finally:
            maintenance.execute(sql.SQL("DROP DATABASE {}").format(quoted))
    assert ran.returncode == 1
    assert "encoding is SQL_ASCII, not UTF8" in ran.stderr
    assert "createdb --encoding UTF8" in ran.stderr


def _told_of_the_database(**environment: str) -> list[str]:
    """What `manage.py doctor` says of it."""
    told = json.loads(_manage("doctor", "--json", **environment).stdout)
    return [line["told"] for line in told["lines"] if line["about"] == "database"]


def _manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    given = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DJANGO_SECRET_KEY": "of-the-doctor's-tests" * 3,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=BASE_DIR,
        env=given | environment,
        capture_output=True,
        text=True,
    )


def test_a_database_that_cannot_be_reached(doctor: Doctor) -> None:
    with connection.execute_wrapper(_refuse):
        told = doctor()
    assert told["exit"] == 1
    assert "the server has gone. What it holds was not looked at" in told["database"]["told"]
    assert "sweep" not in {line["about"] for line in told["lines"]}
    assert {"provider", "model"} <= {line["about"] for line in told["lines"]}


def test_a_pooler_that_cannot_be_reached_is_named(doctor: Doctor, settings: Any) -> None:
    """It has users of its own: the server is well, and refuses nobody."""
    assert "DATABASE_POOLER_URL" not in _told_of_outage(doctor)
    named = SecretStr("postgres://sms@127.0.0.1:6432/sms")
    settings.ENV = settings.ENV.model_copy(update={"database_pooler_url": named})
    assert "Look at DATABASE_POOLER_URL, at the pooler" in _told_of_outage(doctor)


def _told_of_outage(doctor: Doctor) -> str:
    with connection.execute_wrapper(_refuse):
        return str(doctor()["database"]["mend"])


def _refuse(*_args: Any) -> None:
    raise OperationalError("the server has gone")
