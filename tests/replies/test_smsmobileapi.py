"""The sender against a real server that speaks the provider's protocol, in all its moods."""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from replies import services
from replies.models import Reply, ReplyAttempt
from replies.senders.base import SendKind, SendResult
from replies.senders.http import MAX_EXCERPT
from replies.senders.redaction import redact
from replies.senders.smsmobileapi import SmsMobileApiSender
from tests.replies.conftest import KEY, NUMBER, History
from tests.support.smsmobileapi_server import SmsMobileApiServer

BODY = "Salamat po! See you & take care +1 😀"


def _send(sender: SmsMobileApiSender | None = None) -> SendResult:
    return (sender or SmsMobileApiSender()).send(NUMBER, BODY, reference="reply-1")


def test_it_posts_the_documented_form(provider: SmsMobileApiServer) -> None:
    _send()
    assert provider.requests[0].method == "POST"
    assert provider.requests[0].form == {
        "apikey": KEY,
        "recipients": NUMBER,
        "message": BODY,
        "sendsms": "1",
        "sendwa": "0",
    }


def test_it_puts_nothing_into_the_url(provider: SmsMobileApiServer) -> None:
    _send()
    assert provider.requests[0].path == "/sendsms/"


def test_it_accepts_with_the_providers_id(provider: SmsMobileApiServer) -> None:
    result = _send()
    assert (result.kind, result.http_status, result.reason) == (SendKind.ACCEPTED, 200, "")
    assert result.provider_message_id.startswith("msg-")


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason", "retryable"),
    [
        ("result_error", SendKind.REFUSED, "provider_error", False),
        ("api_error", SendKind.REFUSED, "not_sent", False),
        ("unauthorized", SendKind.REFUSED, "http_401", False),
        ("too_many", SendKind.REFUSED, "http_429", True),
        ("moved", SendKind.REFUSED, "redirected", False),
        ("see_other", SendKind.UNKNOWN, "http_303", False),
        ("server_error", SendKind.UNKNOWN, "http_500", False),
        ("not_json", SendKind.UNKNOWN, "unreadable_answer", False),
        ("deep", SendKind.UNKNOWN, "unreadable_answer", False),
        ("no_sent", SendKind.UNKNOWN, "unreadable_answer", False),
        ("cut_body", SendKind.UNKNOWN, "unreadable_answer", False),
        ("huge", SendKind.UNKNOWN, "unreadable_answer", False),
        ("hang_up", SendKind.UNKNOWN, "connection_lost", False),
    ],
)
def test_it_reads_each_answer(
    provider: SmsMobileApiServer, behaviour: str, kind: SendKind, reason: str, retryable: bool
) -> None:
    provider.script(behaviour)
    result = _send()
    assert (result.kind, result.reason, result.retryable) == (kind, reason, retryable)
    assert result.error


@pytest.mark.parametrize("behaviour", ["slow", "drip_body", "drip_headers"])
def test_it_gives_up_at_the_deadline(provider: SmsMobileApiServer, settings: Any, behaviour: str) -> None:
    """Without one, each of these would hold the caller past this test's own time-out."""
    settings.SMS_TIMEOUT = 0.3
    provider.script(behaviour)
    result = _send()
    assert (result.kind, result.reason, result.retryable) == (SendKind.UNKNOWN, "timeout", False)


def test_it_sends_on_after_a_call_that_it_gave_up(provider: SmsMobileApiServer, settings: Any) -> None:
    settings.SMS_TIMEOUT = 0.3
    provider.script("slow")
    sender = SmsMobileApiSender()
    _send(sender)
    settings.SMS_TIMEOUT = 5
    assert _send(sender).kind == SendKind.ACCEPTED


def test_it_follows_no_redirect(provider: SmsMobileApiServer) -> None:
    provider.script("moved", "see_other")
    _send()
    _send()
    assert [request.path for request in provider.requests] == ["/sendsms/", "/sendsms/"]


def test_it_tells_what_the_provider_said(provider: SmsMobileApiServer) -> None:
    provider.script("result_error")
    result = _send()
    assert result.error == "result.error: 403 (number blocked)"
    assert '"number blocked"' in result.response


def test_it_keeps_an_answer_short(provider: SmsMobileApiServer) -> None:
    provider.script("huge")
    result = _send()
    assert (len(result.response), len(result.error)) == (MAX_EXCERPT, MAX_EXCERPT)


def test_it_may_try_again_when_nobody_listens(provider: SmsMobileApiServer, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.SMS_MOBILE_API_URL = f"http://127.0.0.1:{closed.getsockname()[1]}/sendsms/"
    result = _send()
    assert (result.kind, result.reason, result.retryable) == (SendKind.REFUSED, "not_connected", True)
    assert "refused" in result.error


def test_it_may_try_again_when_the_proxy_is_away(
    provider: SmsMobileApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
    result = _send()
    assert (result.kind, result.reason, result.retryable) == (SendKind.REFUSED, "not_connected", True)
    assert provider.requests == []


@pytest.fixture
def full_backlog() -> Iterator[int]:
    """The port of a listener that takes no further connection: its kernel drops the attempts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for client in waiting:
            client.close()


def test_it_may_try_again_when_connecting_takes_too_long(
    provider: SmsMobileApiServer, settings: Any, full_backlog: int
) -> None:
    settings.SMS_MOBILE_API_URL = f"http://127.0.0.1:{full_backlog}/sendsms/"
    settings.SMS_TIMEOUT = 1.5
    result = _send()
    assert (result.kind, result.reason, result.retryable) == (SendKind.REFUSED, "not_connected", True)


def test_it_does_not_know_when_tls_breaks(provider: SmsMobileApiServer, settings: Any) -> None:
    settings.SMS_MOBILE_API_URL = provider.url.replace("http:", "https:")
    result = _send()
    assert (result.kind, result.reason) == (SendKind.UNKNOWN, "connection_lost")


def test_it_refuses_an_address_that_is_none(provider: SmsMobileApiServer, settings: Any) -> None:
    settings.SMS_MOBILE_API_URL = "http://"
    result = _send()
    assert (result.kind, result.reason, result.retryable) == (SendKind.REFUSED, "bad_url", False)


def test_it_calls_nobody_without_a_key(provider: SmsMobileApiServer, settings: Any) -> None:
    settings.SMS_MOBILE_API_KEY = ""
    result = _send()
    assert (result.kind, result.reason, provider.requests) == (SendKind.REFUSED, "no_key", [])


def test_it_keeps_its_connection_between_calls(provider: SmsMobileApiServer) -> None:
    sender = SmsMobileApiSender()
    for _ in range(3):
        _send(sender)
    assert len({request.client for request in provider.requests}) == 1


def test_it_trusts_no_connection_after_an_idle_spell(
    provider: SmsMobileApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = SmsMobileApiSender()
    _send(sender)
    sender._provider._kept.used_at -= 3600
    _send(sender)
    assert len({request.client for request in provider.requests}) == 2


def test_it_shares_no_connection_between_threads(provider: SmsMobileApiServer) -> None:
    sender = SmsMobileApiSender()
    _send(sender)
    other = threading.Thread(target=_send, args=(sender,))
    other.start()
    other.join()
    assert len({request.client for request in provider.requests}) == 2


def test_it_shares_no_connection_with_a_forked_process(provider: SmsMobileApiServer) -> None:
    sender = SmsMobileApiSender()
    _send(sender)
    sender._provider._kept.pid = os.getppid()  # as a child sees what its parent has kept
    _send(sender)
    assert len({request.client for request in provider.requests}) == 2


@pytest.mark.parametrize(
    "behaviour", ["key_in_error", "key_in_note", "key_as_id", "ok", "server_error", "hang_up"]
)
@pytest.mark.parametrize(("key", "part"), [(KEY, "s3cret"), ('äöü/"quoted" <key>&more', "quoted")])
def test_it_lets_the_key_reach_no_row_and_no_log(
    reply: Reply,
    history: History,
    provider: SmsMobileApiServer,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    behaviour: str,
    key: str,
    part: str,
) -> None:
    settings.SMS_MOBILE_API_KEY = key
    provider.script(behaviour)
    with caplog.at_level(logging.DEBUG):
        services.send_once(reply.pk, record=history)
    rows = [*Reply.objects.values(), *ReplyAttempt.objects.values()]
    told = repr([rows, history, [(record.getMessage(), record.exc_text) for record in caplog.records]])
    assert provider.requests[0].form["apikey"] == key
    assert part not in told


@pytest.mark.parametrize("quoted", ["a/b+c d", "a%2Fb%2Bc%20d", "a%2Fb%2Bc+d", "a\\/b+c d", "A/B+C D"])
def test_it_redacts_a_key_however_it_is_quoted(quoted: str) -> None:
    assert redact(f"<{quoted}>", "a/b+c d") == "<[redacted]>"


def test_it_redacts_a_key_that_json_or_html_escapes() -> None:
    assert redact(r"<ä \u00e4\"& ä&quot;&amp; >", 'ä"&') == "<ä [redacted] [redacted] >"


def test_it_stores_an_answer_that_no_database_could_hold(
    reply: Reply, history: History, provider: SmsMobileApiServer
) -> None:
    provider.script("odd_text")
    services.send_once(reply.pk, record=history)
    assert Reply.objects.get().error == "result.error: 1 (nul � and half a pair ?)"


def test_it_settles_a_reply_through_the_real_protocol(
    reply: Reply, history: History, provider: SmsMobileApiServer
) -> None:
    sent = services.send_once(reply.pk, record=history)
    assert (sent.status, sent.provider, len(provider.requests)) == ("sent", "smsmobileapi", 1)
    assert sent.attempts.get().provider_message_id == sent.provider_message_id
