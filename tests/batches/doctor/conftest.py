"""A set-up in which nothing is wrong, and the doctor who looks at it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from batches import backups, schedules
from batches.doctor import machine
from batches.leases import LEADER
from batches.models import Lease
from tests.support.openai_server import OpenAIServer
from tests.support.smsgate_server import DEVICE, PASSWORD, USER, SmsGateServer

KEY = "sk-the-key-of-the-doctor's-tests"
Doctor = Callable[..., dict[str, Any]]


@pytest.fixture
def model(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = KEY, server.url
        settings.OPENAI_TIMEOUT = settings.OPENAI_DEADLINE = 30
        yield server


@pytest.fixture
def gate(settings: Any) -> Iterator[SmsGateServer]:
    with SmsGateServer() as server:
        settings.SMS_SENDER, settings.SMS_GATE_URL = "smsgate", server.url
        settings.SMS_GATE_USER, settings.SMS_GATE_PASSWORD, settings.SMS_GATE_DEVICE_ID = (
            USER,
            PASSWORD,
            DEVICE,
        )
        yield server


@pytest.fixture
def well(settings: Any, tmp_path: Path, model: OpenAIServer, gate: SmsGateServer) -> None:
    """A set-up in which nothing is wrong."""
    settings.SPOOL_PATH = tmp_path / "spool.sqlite3"
    settings.SPOOL_MAX_BYTES = 1_000_000
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    settings.SECRET_KEY = "6Zt0vQ9s-mX3bLr8Kp2Wd7Yf1Hc5Ng4Ja"
    settings.WEBHOOK_OPEN = False
    schedules.sync()
    Schedule.objects.update(next_run=datetime.now(UTC))
    Lease.objects.filter(name=LEADER).update(beat_at=datetime.now(UTC))


@pytest.fixture
def doctor(well: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs it; gives the told lines that are not ok, by what they are about, and the exit code."""
    monkeypatch.setattr(machine, "LITTLE", 1)  # the disk of whoever runs the tests is none of their business
    monkeypatch.setattr(machine, "VERY_LITTLE", 0)
    monkeypatch.setattr(machine, "IN_MEMORY", set())
    monkeypatch.setattr(backups, "NIGHTLY", tmp_path / "no-backups")

    def run(*options: str) -> dict[str, Any]:
        out, code = StringIO(), 0
        try:
            call_command("doctor", "--json", *options, stdout=out)
        except CommandError:
            code = 1
        document = json.loads(out.getvalue())
        assert PASSWORD not in out.getvalue()
        assert KEY not in out.getvalue()
        bad = {line["about"]: line for line in document["lines"] if line["state"] != "ok"}
        return {"exit": code, "bad": bad, "lines": document["lines"], **bad}

    return run
