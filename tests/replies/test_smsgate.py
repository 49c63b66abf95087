"""SMS Gateway for Android, through real HTTP: what is asked, what each answer means, that nothing goes twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from replies import services
from replies.models import Reply
from replies.senders.smsgate import SmsGateSender
from tests.replies.conftest import NUMBER, History
from tests.support.smsgate_server import PASSWORD, USER, SmsGateServer

KEY = "0b9c4a3e-2f60-4a53-9a67-0d1c5f1c2f11"


@pytest.fixture
def gate(settings: Any) -> Iterator[SmsGateServer]:
    with SmsGateServer() as server:
        settings.SMS_SENDER = "smsgate"
        settings.SMS_GATE_URL = server.url
        settings.SMS_GATE_USER, settings.SMS_GATE_PASSWORD = USER, PASSWORD
        settings.SMS_GATE_DEVICE_ID = "phone-1"
        settings.SMS_TIMEOUT = 5
        yield server


def test_it_asks_as_documented(gate: SmsGateServer) -> None:
    result = SmsGateSender().send(NUMBER, "Salamat po 🙏", reference=KEY)
    assert (result.kind, result.provider_message_id, result.http_status) == ("accepted", KEY, 202)
    [call] = gate.requests
    assert call.path == "/3rdparty/v1/messages"
    assert call.message == {
        "id": KEY,
        "deviceId": "phone-1",
        "textMessage": {"text": "Salamat po 🙏"},
        "phoneNumbers": [NUMBER],
        "ttl": 21600,
    }


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason", "retryable"),
    [
        ("busy", "refused", "busy", True),
        ("too_many", "refused", "http_429", True),
        ("bad", "refused", "http_400", False),
        ("failed_before", "unknown", "http_500", False),
        ("failed_after", "unknown", "http_500", False),
        ("lost", "unknown", "connection_lost", False),
    ],
)
def test_it_tells_the_three_answers_apart(
    gate: SmsGateServer, behaviour: str, kind: str, reason: str, retryable: bool
) -> None:
    gate.script(behaviour)
    result = SmsGateSender().send(NUMBER, "Hi", reference=KEY)
    assert (result.kind, result.reason, result.retryable) == (kind, reason, retryable)
    assert result.retry_after == (7 if behaviour == "too_many" else None)


def test_it_takes_a_known_id_for_success(gate: SmsGateServer) -> None:
    results = [SmsGateSender().send(NUMBER, "Hi", reference=KEY) for _ in range(2)]
    assert [(one.kind, one.http_status) for one in results] == [("accepted", 202), ("accepted", 409)]
    assert len(gate.sent) == 1


def test_it_refuses_wrong_credentials_without_showing_them(gate: SmsGateServer, settings: Any) -> None:
    settings.SMS_GATE_PASSWORD = "another-secret"
    result = SmsGateSender().send(NUMBER, "Hi", reference=KEY)
    assert (result.kind, result.reason) == ("refused", "http_401")
    assert "another-secret" not in str(result)


@pytest.mark.parametrize("name", ["SMS_GATE_USER", "SMS_GATE_PASSWORD", "SMS_GATE_DEVICE_ID"])
def test_it_needs_all_three(gate: SmsGateServer, settings: Any, name: str) -> None:
    setattr(settings, name, "")
    assert SmsGateSender().send(NUMBER, "Hi", reference=KEY).reason == "not_set_up"
    assert gate.requests == []


@pytest.mark.parametrize("behaviour", ["lost", "failed_after", "failed_before", "busy"])
def test_one_sms_goes_out_whatever_happens_to_the_first_call(
    gate: SmsGateServer, reply: Reply, history: History, behaviour: str
) -> None:
    gate.script(behaviour)
    assert services.send_once(reply.pk, record=history).status == "pending"
    assert services.send_once(reply.pk, record=history).status == "sent"
    assert [message["textMessage"]["text"] for message in gate.sent.values()] == [reply.body]


@pytest.mark.parametrize(
    ("first", "status"), [("failed_after", "unknown"), ("lost", "unknown"), ("busy", "refused")]
)
def test_a_refusal_says_nothing_of_an_earlier_call_that_may_have_gone_through(
    gate: SmsGateServer, reply: Reply, history: History, first: str, status: str
) -> None:
    gate.script(first, "bad")
    for _ in range(2):
        settled = services.send_once(reply.pk, record=history)
    assert (settled.status, settled.reason) == (status, "http_400")
    assert history.kinds[-1] == f"reply_{status}"
