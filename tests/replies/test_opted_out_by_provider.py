"""A provider that refuses because the receiver has opted out there."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from replies import senders, services
from replies.models import Consent, Reply
from replies.senders import memory
from replies.senders.base import SendResult, refused
from replies.senders.http import Provider, by_status
from replies.standing import look
from tests.replies.conftest import NUMBER, History
from tests.support.loopback import LoopbackServer
from tests.support.smsmobileapi_server import SmsMobileApiServer

pytestmark = pytest.mark.django_db
BLOCKED = refused("21610", "Attempt to send to unsubscribed recipient", opted_out=True)


def test_it_is_written_into_the_ledger(reply: Reply, history: History) -> None:
    memory.next_results.append(BLOCKED)
    settled = services.send_once(reply.pk, record=history)
    row = Consent.objects.get()
    assert (settled.status, settled.reason) == ("refused", "21610")
    assert (row.number, row.state, row.source, row.actor) == (NUMBER, "opted_out", "provider", "memory")
    assert (row.words, row.changed) == ("Attempt to send to unsubscribed recipient", True)
    assert look(NUMBER, reply.batch.channel_id).opted_out


def test_it_covers_what_the_setting_says(
    reply: Reply, history: History, settings: pytest.FixtureRequest
) -> None:
    settings.OPT_OUT_SCOPE = "account"  # type: ignore[attr-defined]  # pytest-django's
    memory.next_results.append(BLOCKED)
    services.send_once(reply.pk, record=history)
    assert Consent.objects.get().channel is None


def test_another_refusal_says_nothing_about_consent(reply: Reply, history: History) -> None:
    memory.next_results.append(refused("30003", "Unreachable handset"))
    services.send_once(reply.pk, record=history)
    assert not Consent.objects.exists()


class Unsubscribed(BaseHTTPRequestHandler):
    """Refuses as Twilio does when the receiver has sent STOP to the number."""

    def do_POST(self) -> None:
        told = {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}
        body = json.dumps(told).encode()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Sender:
    """What docs/extending.md asks of the sender of a provider that knows opt-outs."""

    name = "knows"
    idempotent = False
    url = ""

    def send(self, to: str, body: str, *, reference: str, key: str = "") -> SendResult:
        return Provider("URL", self._judge).post(self.url, "the-key", 5, data={"To": to, "Body": body})

    @staticmethod
    def _judge(status: int, text: str) -> SendResult:
        told = json.loads(text)
        if told.get("code") == 21610:
            return refused("21610", told["message"], opted_out=True)
        return by_status(status, text)


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """A provider over HTTP that refuses so, with its sender in the registry."""
    monkeypatch.setitem(senders.SENDERS, "knows", f"{__name__}.Sender")
    settings.SMS_SENDER = "knows"
    with LoopbackServer(Unsubscribed) as server:
        monkeypatch.setattr(Sender, "url", f"http://127.0.0.1:{server.server_port}/")
        yield


@pytest.mark.usefixtures("knows")
def test_a_sender_over_http_brings_it_into_the_ledger(reply: Reply, history: History) -> None:
    settled = services.send_once(reply.pk, record=history)
    assert (settled.status, settled.reason) == ("refused", "21610")
    assert settled.attempts.get().http_status == 400
    row = Consent.objects.get()
    assert (row.state, row.source, row.actor) == ("opted_out", "provider", "knows")
    assert services.why_not_resent(settled, services.ANY_TERMS), "an operator could have it sent all the same"


@pytest.mark.parametrize("refusal", ["result_error", "api_error", "unauthorized", "too_many"])
def test_smsmobileapi_says_nothing_of_consent(
    reply: Reply, history: History, provider: SmsMobileApiServer, refusal: str
) -> None:
    """It has no code for it: "number blocked" may be its own operator's doing."""
    provider.script(refusal)
    services.send_once(reply.pk, record=history)
    assert len(provider.requests) == 1
    assert not Consent.objects.exists()
