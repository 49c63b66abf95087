"""SMS Gateway for Android, through real HTTP: what is asked, what each answer means, that nothing goes twice."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest

from replies import services
from replies.models import Reply, ReplyAttempt
from replies.senders.redaction import redact
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


@pytest.mark.parametrize("user", ["a", "ab", "abc"])
@pytest.mark.parametrize("password", ["s3cret/with=signs?~ÿ", "ÿÿÿ~~~???"])
def test_it_stores_no_password_that_the_gateway_quotes_in_base64(
    gate: SmsGateServer, settings: Any, reply: Reply, history: History, user: str, password: str
) -> None:
    settings.SMS_GATE_USER, settings.SMS_GATE_PASSWORD = user, password
    services.send_once(reply.pk, record=history)
    [call] = gate.requests
    told = repr([*Reply.objects.values(), *ReplyAttempt.objects.values(), *history])
    assert "Authorization: Basic " in told
    sent = b64decode(call.authorization.removeprefix("Basic "))
    assert sent == f"{user}:{password}".encode("latin-1")
    # Not even a part of it that lies on a border of three bytes, and is encoded by itself.
    assert not [at for at in range(3, len(sent) - 5, 3) if b64encode(sent[at : at + 6]).decode() in told]


def encoded(text: str, *, alphabet: bytes = b"+/") -> str:
    return b64encode(text.encode(), altchars=alphabet).decode()


@pytest.mark.parametrize("user", ["", "a:", "ab:", "abc:"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_it_redacts_a_password_however_base64_is_written(user: str, end: str) -> None:
    password = "ÿÿÿ~~~???pass"
    text = user + password + end
    forms = {
        encoded(text),
        encoded(text, alphabet=b"-_"),
        encoded(text).replace("/", "\\/"),
        quote(encoded(text)),
    }
    for form in forms:
        told = redact(f"<{form}>", password)
        assert "[redacted]" in told
        assert len(unquote(told)) <= len("<[redacted]>") + 5 + 5  # the user, and what is behind


@pytest.mark.parametrize("text", ["Basic realm=1234", "c2Vj", "abc"])
def test_it_redacts_nothing_else(text: str) -> None:
    assert redact(text, "x1") == text


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
