"""A request for a host that is not ours: whoever connects a phone is told why nothing comes in."""

from collections.abc import Iterator
from time import monotonic

import pytest
from django.test import Client

from smsconsolidator import hosts

WEBHOOK = "/api/webhook/sms-received"


@pytest.fixture(autouse=True)
def _nothing_told() -> Iterator[None]:
    hosts.told.clear()
    yield
    hosts.told.clear()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


def test_the_log_names_it_without_its_port(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.post(WEBHOOK, {}, "application/json", headers={"Host": "192.168.1.5:8811"})
    assert lines(caplog) == ["WARNING REFUSED | Host 192.168.1.5 is not in ALLOWED_HOSTS"]


def test_the_api_says_why(client: Client) -> None:
    answer = client.post(WEBHOOK, {}, "application/json", headers={"Host": "192.168.1.5:8811"})
    assert answer.status_code == 400
    assert answer.json() == {"status": "error", "message": "Host 192.168.1.5 is not in ALLOWED_HOSTS"}


def test_people_get_a_page(client: Client) -> None:
    answer = client.get("/admin/", headers={"Host": "192.168.1.5"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")


def test_it_is_told_once_a_minute(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.example.org", "b.example.org", "c.example.org"):
        client.get("/healthz", headers={"Host": name})
    assert len(lines(caplog)) == 1
    hosts.told.expire(monotonic() + hosts.PERIOD + 1)
    client.get("/healthz", headers={"Host": "d.example.org"})
    assert "d.example.org" in lines(caplog)[1]


def test_it_forges_no_line_and_ends(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get(WEBHOOK, headers={"Host": f"a\r\n\u202e{'b' * 1000}"})
    [line] = lines(caplog)
    assert "Host a\\r\\n\\u202eb" in line
    assert len(line) < 400
    assert len(answer.json()["message"]) < 400
