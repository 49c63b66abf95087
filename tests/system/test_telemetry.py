"""Errors and traces leave every process, forked workers too, and nothing personal leaves with them."""

import json
from collections.abc import Iterator

import pytest
import requests

from tests.support.collector_server import CollectorServer
from tests.system.conftest import KEY, StartService
from tests.system.providers import Gateway
from tests.system.service import TOKEN, Service, wait_until

TEXT = "Yes, I can come, but my mother is ill"


@pytest.fixture(scope="module")
def collector() -> Iterator[CollectorServer]:
    with CollectorServer() as server:
        yield server


@pytest.fixture(scope="module")
def watched(running: StartService, collector: CollectorServer) -> Iterator[Service]:
    settings = {
        "SENTRY_DSN": collector.dsn,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=clinic",
        "OTEL_BSP_SCHEDULE_DELAY": 200,  # milliseconds between two exports
    }
    with running("telemetry", CONSOLIDATION_WINDOW=1, **settings) as service:
        yield service


def test_it_reports_from_web_and_worker_and_nothing_personal(
    watched: Service, collector: CollectorServer, gateway: Gateway, sender: str
) -> None:
    token = watched.manage("webhook_token", "default", "--json")
    assert token.returncode == 0, token.stderr
    secret = json.loads(token.stdout)["token"]
    path = f"http://127.0.0.1:{watched.port}/api/webhook/default/{secret}"
    gateway.behaviours[sender] = "unauthorized"
    message = {"message": TEXT, "number": sender, "guid": f"guid-{sender}"}
    assert requests.post(path, json=message, timeout=20).status_code == 200

    def all_there() -> bool:
        names = {span.name.split()[0] for span in collector.spans}
        return bool(collector.events) and {"POST", "process_batch"} <= names

    wait_until(all_there, 30, lambda: f"{len(collector.received)} received\n{watched.logs()[-3000:]}")

    [failed] = [event for event in collector.events if "AUTO-REPLY FAILED" in event["logentry"]["message"]]
    assert failed["logentry"] == {"message": "AUTO-REPLY FAILED (batch) | To: %(to)s | Error: %(error)s"}
    assert failed["environment"] == "production"
    by_name = {span.name: span for span in collector.spans}
    work = by_name["process_batch"]
    calls = [span for span in collector.spans if span.parent_span_id == work.span_id]
    assert calls, "the call to the provider is a part of the batch's processing"
    assert any("webhook" in name for name in by_name)
    traces = [one for one in collector.received if one.path == "/v1/traces"]
    assert all(one.headers["x-tenant"] == "clinic" for one in traces)

    everything = b"".join(one.body for one in collector.received)
    for private in (sender, sender[3:], TEXT, "mother is ill", secret, KEY, TOKEN, f"guid-{sender}"):
        assert private.encode() not in everything, private
