"""/metrics: who may read it, and what Prometheus makes of it."""

import shutil
import subprocess
import sys
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from smsconsolidator import processes
from smsconsolidator.env import BASE_DIR
from tests.batches.conftest import URL, sms

TOKEN = "metrics-token-of-the-tests-1"
pytestmark = pytest.mark.django_db


def read(client: Client, **headers: Any) -> Any:
    return client.get("/metrics", **headers)


def values(answer: HttpResponse) -> dict[str, float]:
    """Each sample by its name and its labels' values."""
    return {
        " ".join([sample.name.removeprefix("smsconsolidator_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_read_it(client: Client, address: str) -> None:
    assert read(client, REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},  # a proxy on this machine passes a stranger on
        {"HTTP_X_REAL_IP": "203.0.113.9"},
        {"HTTP_FORWARDED": "for=203.0.113.9"},
        {"HTTP_AUTHORIZATION": "Bearer anything", "REMOTE_ADDR": "203.0.113.9"},
    ],
)
def test_strangers_may_not(client: Client, headers: dict[str, str]) -> None:
    answer = read(client, **headers)
    assert answer.status_code == 403
    assert b"METRICS_TOKEN" in answer.content
    assert b"smsconsolidator_" not in answer.content


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401),
        ("Bearer ", 401),
        ("Bearer schlüssel", 401),
        ("", 401),
    ],
)
def test_a_token_opens_it_from_anywhere_and_nothing_else_does(
    client: Client, settings: Any, authorization: str, status: int
) -> None:
    settings.METRICS_TOKEN = TOKEN
    for address in ("127.0.0.1", "203.0.113.9"):
        answer = read(client, HTTP_AUTHORIZATION=authorization, REMOTE_ADDR=address)
        assert answer.status_code == status
        assert TOKEN.encode() not in answer.content
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_it_only_reads(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


def test_it_counts_and_times_the_webhook(client: Client) -> None:
    first = values(read(client))
    body = {"messages": [sms("a"), sms("b"), sms("b"), {"guid": "c"}]}
    assert client.post(URL, body, content_type="application/json").status_code == 200
    assert client.post(URL, "{", content_type="application/json").status_code == 400
    client.get(URL)  # a probe is no delivery
    told = values(read(client))

    def grown(name: str) -> float:
        return told[name] - first.get(name, 0)

    assert grown("webhook_messages_total stored") == 2
    assert grown("webhook_messages_total duplicate") == 1
    assert grown("webhook_messages_total rejected") == 1
    assert grown("webhook_request_duration_seconds_count 200") == 1
    assert grown("webhook_request_duration_seconds_count 400") == 1


def test_prometheus_own_tool_has_nothing_to_say_against_it(client: Client) -> None:
    """promtool: names, units, help texts (https://prometheus.io/docs/practices/naming)."""
    promtool = shutil.which("promtool")
    assert promtool, "promtool is needed: apt install prometheus"
    client.post(URL, sms("a"), content_type="application/json")
    text = read(client).content
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.stdout + done.stderr).decode() == ""
    assert done.returncode == 0


def test_openmetrics_is_spoken_as_well(client: Client) -> None:
    answer = read(client, HTTP_ACCEPT="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


def test_it_shows_no_number_no_text_and_no_secret(client: Client, settings: Any) -> None:
    client.post(URL, sms("guid-of-a-person", text="I am ill"), content_type="application/json")
    text = read(client).content.decode()
    for private in ("639171234567", "guid-of-a-person", "I am ill", settings.SECRET_KEY):
        assert private not in text


def test_processes_of_this_folder_are_found_by_what_they_do() -> None:
    command = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", command, "qnode"],
        cwd=BASE_DIR,
        env={"Q_CLUSTER_NAME": "sweep"},
        stdout=subprocess.PIPE,
    ) as sweeper:
        assert sweeper.stdout
        sweeper.stdout.readline()
        found = processes.resident()
        sweeper.kill()
    assert len(found["sweeper"]) >= 1
    assert all(size > 1_000_000 for size in found["sweeper"])
