"""What is reported to other services, and what never is. The whole way is in tests/system/test_telemetry.py."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from batches.tokens import new_token
from bench.processes import free_port
from smsconsolidator import telemetry
from smsconsolidator.env import BASE_DIR, load
from smsconsolidator.telemetry.scrubbing import scrub
from smsconsolidator.telemetry.sentry import without_persons
from smsconsolidator.telemetry.tracing import Scrubbing, harmless

NUMBER, TEXT = "+639171234567", "I am ill and cannot come"


def test_secrets_tokens_and_numbers_are_scrubbed(settings: Any) -> None:
    token = new_token()
    key = settings.ENV.django_secret_key.get_secret_value()
    told = scrub(f"POST /api/webhook/clinic/{token} {NUMBER} {key}")
    assert all(private not in told for private in (token, NUMBER, key))
    assert told.startswith("POST /api/webhook/clinic/")


def test_an_event_holds_nothing_that_may_quote_somebody() -> None:
    event = {
        "event_id": "e1",
        "level": "error",
        "transaction": "/api/webhook/{slug}/{token}",
        "logentry": {
            "message": "PROCESSING FAILED | From: %(sender)s",
            "params": {"sender": NUMBER},
            "formatted": f"PROCESSING FAILED | From: {NUMBER}",
        },
        "exception": {
            "values": [
                {
                    "type": "DataError",
                    "module": "psycopg.errors",
                    "value": f"Failing row contains ({NUMBER}, {TEXT})",
                    "mechanism": {"data": {"detail": TEXT}},
                    "stacktrace": {
                        "frames": [{"filename": "ingest.py", "lineno": 7, "vars": {"text": TEXT}}]
                    },
                }
            ]
        },
        "request": {
            "url": f"http://h/api/webhook/clinic/{new_token()}",
            "method": "POST",
            "data": {"message": TEXT},
            "headers": {"X-Webhook-Token": "s3cret"},
            "query_string": f"number={NUMBER}",
            "env": {"REMOTE_ADDR": "203.0.113.9"},
        },
        "user": {"username": "maria"},
        "breadcrumbs": {"values": [{"message": TEXT}]},
        "extra": {"sys.argv": ["manage.py", NUMBER], "text": TEXT},
        "contexts": {"runtime": {"name": "CPython"}, "odd": {"text": TEXT}},
    }
    kept = without_persons(event)
    told = str(kept)
    assert all(one not in told for one in (NUMBER, TEXT, "s3cret", "maria", "203.0.113.9", "whk_"))
    assert kept["logentry"] == {"message": "PROCESSING FAILED | From: %(sender)s"}
    [thrown] = kept["exception"]["values"]
    assert (thrown["type"], thrown["stacktrace"]["frames"][0]["lineno"]) == ("DataError", 7)
    assert kept["transaction"].startswith("/api/webhook/{slug}/")
    assert kept["request"]["url"].startswith("http://h/api/webhook/clinic/")


def test_a_span_holds_nothing_that_may_quote_somebody() -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Scrubbing(memory)))
    path = f"/api/webhook/clinic/{new_token()}"
    attributes = {"http.target": path, "net.peer.ip": "203.0.113.9", "http.user_agent": "phone of Ana"}
    with (
        pytest.raises(ValueError, match="ill"),
        provider.get_tracer("t").start_as_current_span(f"POST {path}", attributes=attributes),
    ):
        raise ValueError(f"{NUMBER}: {TEXT}")
    [span] = memory.get_finished_spans()
    told = str(span.to_json())
    assert all(one not in told for one in (NUMBER, TEXT, "203.0.113.9", "phone of Ana", "whk_"))
    assert span.name.startswith("POST /api/webhook/clinic/")
    assert span.events[0].attributes
    assert span.events[0].attributes["exception.type"] == "ValueError"
    assert span.status.is_ok is False


def test_a_span_keeps_its_place_and_times() -> None:
    span = ReadableSpan(
        "s", start_time=1, end_time=2, events=[Event("e", timestamp=1)], attributes={"batch.id": 7}
    )
    kept = harmless(span)
    assert (kept.name, kept.start_time, kept.end_time, kept.context) == ("s", 1, 2, span.context)
    assert dict(kept.attributes or {}) == {"batch.id": 7}
    assert kept.events[0].timestamp == 1


def test_a_collector_that_is_away_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Each process would say so every second, in five lines."""
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{free_port()}/v1/traces", timeout=3)
    exporter.export([])
    assert [record.levelname for record in caplog.records if record.name.startswith("opentelemetry")] == [
        "ERROR"
    ]


def test_a_setting_whose_package_is_missing_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    env = load().model_copy(update={"sentry_dsn": SecretStr("http://k@localhost/1")})
    telemetry.refuse_missing(env)
    monkeypatch.setitem(telemetry.PACKAGES, "sentry_dsn", "a_package_that_nobody_has")
    assert find_spec("a_package_that_nobody_has") is None
    with pytest.raises(ImproperlyConfigured, match=r"SENTRY_DSN.*make release WATCH=1"):
        telemetry.refuse_missing(env)


@pytest.mark.parametrize(("goal", "first"), [("release", "manage.py"), ("run", "smsconsolidator.firstrun")])
@pytest.mark.parametrize(("given", "extra"), [(["WATCH=1"], ["requirements-watch.txt"]), ([], [])])
def test_make_installs_the_packages_when_it_is_told_to(
    goal: str, first: str, given: list[str], extra: list[str], tmp_path: Path
) -> None:
    """Into the environment of that very release, for each has its own, and before anything reads the settings."""
    done = subprocess.run(
        ["make", "--dry-run", goal, f"VENV={tmp_path}/.venv", f"PYTHON={sys.executable}", *given],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"]},  # nothing of a make around the tests
        capture_output=True,
        text=True,
        check=True,
    )
    before = done.stdout.partition(f"{tmp_path}/.venv/bin/python {'-m ' if goal == 'run' else ''}{first}")[0]
    assert before != done.stdout
    assert re.findall(rf"pip --python {tmp_path}/\.venv/bin/python .* -r (.+)", before) == [
        "requirements.txt",
        *extra,
    ]


def test_nothing_is_imported_where_nothing_is_set_up() -> None:
    heavy = ("sentry_sdk", "opentelemetry.exporter", "opentelemetry.instrumentation")
    code = f"import smsconsolidator.wsgi, sys; print([name for name in {heavy} if name in sys.modules])"
    environment = {
        "DJANGO_SECRET_KEY": "only-for-tests-" * 4,
        "ENV_FILE": "/dev/null",
        "DATABASE_URL": "sqlite://:memory:",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
