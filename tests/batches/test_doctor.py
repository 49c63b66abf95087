"""`manage.py doctor`: what it says of a set-up that is well, and of each thing that may be wrong."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django_q.models import Schedule
from pydantic import SecretStr

from batches import schedules
from batches.credentials import encrypt
from batches.doctor import database, machine
from batches.inbound.base import InboundSms
from batches.leases import LEADER
from batches.models import Channel, Lease
from batches.spool import here
from classification.models import Ceiling
from replies import switches
from replies.senders import examining
from tests.batches.conftest import age, arrive
from tests.support.openai_server import OpenAIServer, dripping, hang_up, http_error, model_list
from tests.support.smsgate_server import DEVICE, PASSWORD, USER, SmsGateServer
from tests.support.smsmobileapi_server import SmsMobileApiServer

KEY = "sk-the-key-of-the-doctor's-tests"
Doctor = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db


@pytest.fixture
def model(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, settings.OPENAI_DEADLINE = KEY, server.url, 5
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
    Lease.objects.filter(name=LEADER).update(beat_at=datetime.now(UTC))


@pytest.fixture
def doctor(well: None, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs it; gives the told lines that are not ok, by what they are about, and the exit code."""
    monkeypatch.setattr(machine, "LITTLE", 1)  # the disk of whoever runs the tests is none of their business
    monkeypatch.setattr(machine, "VERY_LITTLE", 0)
    monkeypatch.setattr(machine, "IN_MEMORY", set())

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


def test_it_finds_nothing_wrong_where_nothing_is(doctor: Doctor) -> None:
    told = doctor()
    assert (told["exit"], told["bad"]) == (0, {})
    about = {line["about"] for line in told["lines"]}
    assert about == {
        "settings", "secrets", "disk", "spool", "database", "clocks", "migrations", "queue", "schedule", "sweep",
        "batches", "provider", "model",
    }  # fmt: skip


def test_people_read_lines(doctor: Doctor) -> None:
    out = StringIO()
    Lease.objects.filter(name=LEADER).update(beat_at=None)
    with pytest.raises(CommandError, match=r"1 problem\(s\), 0 warning\(s\)"):
        call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert "PROBLEM  sweep       no sweep has ever run: nothing closes batches" in lines
    assert (
        lines[lines.index("PROBLEM  sweep       no sweep has ever run: nothing closes batches") + 1]
        .strip()
        .startswith("→")
    )


def test_warnings_fail_only_where_they_are_to(doctor: Doctor, settings: Any) -> None:
    settings.CREDENTIALS_KEYS = []
    assert (doctor()["exit"], doctor("--strict")["exit"]) == (0, 1)
    assert doctor()["secrets"]["state"] == "warning"


# --- settings, secrets, disk, spool ---------------------------------------------------------------------------
def test_settings_that_the_checks_refuse(doctor: Doctor, settings: Any) -> None:
    settings.BATCH_LEASE_SECONDS = 1
    assert "batches.E002" in doctor()["settings"]["told"]


@pytest.mark.parametrize(("name", "value"), [("WEBHOOK_TOKEN", "ab" * 16), ("METRICS_TOKEN", "1" * 32)])
def test_secrets_that_can_be_guessed(doctor: Doctor, settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value)
    told = doctor()
    assert told["secrets"]["told"] == f"{name} can be guessed"
    assert told["exit"] == 1


def test_one_secret_for_two_things(doctor: Doctor, settings: Any) -> None:
    settings.WEBHOOK_TOKEN = settings.METRICS_TOKEN = "Zt0vQ9s-mX3bLr8Kp2Wd7Yf1"
    assert "the same" in doctor()["secrets"]["told"]


def test_a_disk_that_is_nearly_full(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LITTLE", 10**18)
    assert doctor()["disk"]["state"] == "warning"
    monkeypatch.setattr(machine, "VERY_LITTLE", 10**18)
    assert doctor()["disk"]["state"] == "problem"


def test_a_spool_that_holds_something(doctor: Doctor) -> None:
    with here().draining():  # a thread that another test has started would empty it
        here().append([("default", InboundSms("g1", "+639171234567", "Yes", None, "", "{}"))])
        told = doctor()["spool"]
        assert (told["state"], "1 message(s) wait" in told["told"]) == ("warning", True)
        here().set_aside(here().first(1)[0], "no such channel")
        assert doctor()["spool"]["state"] == "problem"


def test_a_spool_that_cannot_be_used(doctor: Doctor, settings: Any) -> None:
    Path(settings.SPOOL_PATH).write_bytes(b"no database at all" * 500)
    assert "cannot be used" in doctor()["spool"]["told"]


def test_a_spool_in_memory(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "IN_MEMORY", {machine._file_system(Path("/"))})
    monkeypatch.setattr(machine, "_existing", lambda _path: Path("/"))
    assert "kept in memory" in doctor()["spool"]["told"]


# --- database -------------------------------------------------------------------------------------------------
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


# --- what works in the background -----------------------------------------------------------------------------
def test_a_sweep_that_has_stopped(doctor: Doctor) -> None:
    Lease.objects.filter(name=LEADER).update(beat_at=datetime.now(UTC) - timedelta(minutes=5))
    assert doctor()["sweep"]["state"] == "problem"
    assert doctor("--pre-flight")["bad"] == {}


def test_a_schedule_that_is_gone_or_twofold(doctor: Doctor) -> None:
    row = Schedule.objects.get(name=schedules.SWEEP_NAME)
    Schedule.objects.create(name="another", func=row.func, cluster=row.cluster, schedule_type="I", minutes=1)
    assert doctor()["schedule"]["state"] == "warning"
    Schedule.objects.all().delete()
    assert doctor()["schedule"]["state"] == "problem"


def test_batches_that_are_late(doctor: Doctor) -> None:
    age(arrive("Yes"), 200)
    assert doctor()["batches"]["state"] == "problem"


def test_replies_that_somebody_has_stopped(doctor: Doctor) -> None:
    assert "replies" not in doctor()["bad"]
    switches.throw(None, stop=True, reason="a storm", actor="admin:maria")
    assert doctor()["replies"]["told"] == "replies of every channel are stopped, by admin:maria: a storm"


def test_a_redis_that_is_not_there(doctor: Doctor, settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(
        update={"redis_url": SecretStr(f"redis://127.0.0.1:{closed_port()}/0")}
    )
    assert "Redis cannot be reached" in doctor()["queue"]["told"]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- the provider ---------------------------------------------------------------------------------------------
def test_an_account_that_the_gateway_does_not_take(doctor: Doctor, settings: Any) -> None:
    settings.SMS_GATE_PASSWORD = "another"
    assert "does not take the account (HTTP 401)" in doctor()["provider"]["told"]


def test_a_device_that_the_gateway_does_not_know(doctor: Doctor, settings: Any) -> None:
    settings.SMS_GATE_DEVICE_ID = "another"
    assert "knows no device" in doctor()["provider"]["told"]


def test_a_gateway_that_cannot_be_asked(doctor: Doctor, gate: SmsGateServer) -> None:
    gate.lists_devices = False
    told = doctor()["provider"]
    assert (told["state"], "cannot be tried" in told["told"]) == ("warning", True)
    assert gate.sent == {}


def test_a_gateway_that_is_not_there(doctor: Doctor, settings: Any) -> None:
    settings.SMS_GATE_URL = f"http://127.0.0.1:{closed_port()}"
    assert "cannot be reached" in doctor()["provider"]["told"]


def test_a_gateway_that_never_answers(doctor: Doctor, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and that is all
        settings.SMS_GATE_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = monotonic()
        assert "cannot be reached" in doctor()["provider"]["told"]
        assert monotonic() - began < 20


def test_a_model_that_never_answers(doctor: Doctor, settings: Any, model: OpenAIServer) -> None:
    settings.OPENAI_DEADLINE = 0.3
    model.models = dripping()
    assert "timeout" in doctor()["model"]["told"]


def test_a_provider_that_tells_nothing_without_sending(doctor: Doctor, settings: Any) -> None:
    with SmsMobileApiServer() as server:
        settings.SMS_SENDER, settings.SMS_MOBILE_API_KEY, settings.SMS_MOBILE_API_URL = (
            "smsmobileapi",
            KEY,
            server.url,
        )
        told = doctor()["provider"]
        assert "whether it takes the key is only seen by sending" in told["told"]
        assert "https" in told["mend"]
        assert all(KEY not in str(request) for request in server.requests)


def test_channels_have_accounts_of_their_own(doctor: Doctor, settings: Any) -> None:
    Channel.objects.create(slug="clinic", provider="smsgate", credentials=encrypt("wrong password"))
    assert "does not take the account" in doctor()["provider clinic"]["told"]
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    assert "cannot be decrypted" in doctor()["provider clinic"]["told"]


def test_a_ceiling_that_a_channels_currency_passes_by(doctor: Doctor, settings: Any) -> None:
    """Another SMS_CURRENCY is a way past the forms that check it."""
    Ceiling.objects.filter(meter="money", together=True).update(most=100)
    Channel.objects.create(slug="abroad", segment_price="0.02", currency="PHP")
    settings.SMS_CURRENCY = "PHP"
    assert "ceilings" not in doctor()
    settings.SMS_CURRENCY = "EUR"
    told = doctor()["ceilings"]
    assert (told["state"], "Replies on channel abroad are paid in PHP" in told["told"]) == ("warning", True)


# --- the model ------------------------------------------------------------------------------------------------
def test_a_model_that_does_not_exist(doctor: Doctor, model: OpenAIServer) -> None:
    model.models = model_list("gpt-other")
    told = doctor()["model"]
    assert "has no model gpt-5.6-luna" in told["told"]
    assert "gpt-other" in told["told"]


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        (http_error(401, f"Bad key {KEY}"), "problem", "auth"),
        (http_error(404), "warning", "does not list its models"),
        (hang_up(), "problem", "connection"),
    ],
)
def test_a_model_that_cannot_be_asked(
    doctor: Doctor, model: OpenAIServer, script: Any, state: str, words: str
) -> None:
    model.models = script
    told = doctor()["model"]
    assert (told["state"], words in told["told"]) == (state, True)
    assert model.requests == []  # nothing was classified


# --- from outside ---------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_webhook_from_outside(doctor: Doctor, settings: Any, live_server: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    told = doctor("--public-url", live_server.url)
    assert "it is http" in told["webhook"]["told"]
    assert any("asks strangers for a token" in line["told"] for line in told["lines"])
    settings.WEBHOOK_OPEN = True
    assert "takes messages from everybody" in doctor("--public-url", live_server.url)["webhook"]["told"]
    settings.ALLOWED_HOSTS = ["another.example.org"]
    assert "ALLOWED_HOSTS" in doctor("--public-url", live_server.url)["webhook"]["mend"]


def test_an_address_where_nobody_or_somebody_else_answers(doctor: Doctor, gate: SmsGateServer) -> None:
    assert (
        "cannot be reached" in doctor("--public-url", f"http://127.0.0.1:{closed_port()}")["webhook"]["told"]
    )
    assert "something else answers" in doctor("--public-url", gate.url)["webhook"]["told"]


def test_an_address_that_is_none(well: None) -> None:
    with pytest.raises(CommandError, match="--public-url"):
        call_command("doctor", "--public-url", "sms.example.org")
