"""One reply, one call, one outcome."""

import logging
import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from replies import services
from replies.models import Reply, ReplyAttempt
from replies.senders import memory
from replies.senders.base import SendKind, SendResult, accepted, refused, unknown
from tests.replies.conftest import NUMBER, History, make_batch, pending, send
from tests.support.smsmobileapi_server import SmsMobileApiServer


def test_it_sends_a_pending_reply(reply: Reply, history: History, outbox: list[memory.Sms]) -> None:
    sent = send(reply, history)
    assert outbox == [memory.Sms(NUMBER, "Thanks for confirming! See you soon.", str(reply.idempotency_key))]
    assert (sent.status, sent.attempt_count, sent.sending_until) == ("sent", 1, None)
    assert sent.settled_at is not None


def test_it_returns_the_row_as_it_is_stored(reply: Reply, history: History) -> None:
    memory.next_results.append(refused("http_400", "no such number"))
    returned, stored = send(reply, history), Reply.objects.get()
    for field in Reply._meta.concrete_fields:
        assert getattr(returned, field.attname) == getattr(stored, field.attname)


def test_it_completes_the_attempt(reply: Reply, history: History) -> None:
    memory.next_results.append(
        SendResult(SendKind.ACCEPTED, provider_message_id="m-1", http_status=200, response="{}")
    )
    send(reply, history)
    attempt = ReplyAttempt.objects.get()
    assert (attempt.number, attempt.outcome, attempt.http_status) == (1, "accepted", 200)
    assert (attempt.provider_message_id, attempt.response) == ("m-1", "{}")
    assert attempt.finished_at is not None
    assert attempt.finished_at >= attempt.started_at


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (accepted("m-1"), "sent"),
        (refused("http_401", "no such key"), "refused"),
        (unknown("timeout", "no answer"), "unknown"),
    ],
)
def test_it_writes_down_each_answer(reply: Reply, history: History, result: SendResult, status: str) -> None:
    memory.next_results.append(result)
    sent = send(reply, history)
    assert (sent.status, sent.reason, sent.error) == (status, result.reason, result.error)
    assert ReplyAttempt.objects.get().outcome == result.kind
    assert history.kinds == ["reply_sending", f"reply_{status}"]


def test_it_tells_enough_for_the_record(reply: Reply, history: History) -> None:
    memory.next_results.append(refused("http_400", "no such number"))
    send(reply, history)
    attempt = {"reply_id": reply.pk, "attempt": 1, "provider": "memory"}
    assert history == [
        ("reply_sending", attempt),
        ("reply_refused", attempt | {"reason": "http_400", "error": "no such number", "retryable": False}),
    ]


@pytest.mark.parametrize("result", [accepted("m-1"), refused("x", "x"), unknown("x", "x")])
def test_it_sends_no_settled_reply_again(
    reply: Reply, history: History, outbox: list[memory.Sms], result: SendResult
) -> None:
    memory.next_results.append(result)
    first, second = send(reply, history), send(reply, history)
    assert (second.status, len(outbox), len(history)) == (first.status, 1, 2)


def test_it_sends_no_suppressed_reply(db: None, history: History, outbox: list[memory.Sms]) -> None:
    reply = pending(make_batch(), "suppressed")
    assert (send(reply, history).status, outbox) == ("suppressed", [])


def test_it_takes_a_fault_in_a_sender_for_unknown(
    reply: Reply, history: History, caplog: pytest.LogCaptureFixture
) -> None:
    def fault() -> SendResult:
        raise ZeroDivisionError("a text that may quote a secret")

    memory.next_results.append(fault)
    sent = send(reply, history)
    assert (sent.status, sent.reason) == ("unknown", "sender_fault")
    assert "secret" not in sent.error
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_it_stores_what_a_database_cannot_hold_visibly(reply: Reply, history: History) -> None:
    memory.next_results.append(
        SendResult(SendKind.REFUSED, "id\0\ud83d", "x" * 100, "a\0b", response="\ud83d" + "y" * 2000)
    )
    sent = send(reply, history)
    attempt = sent.attempts.get()
    assert (sent.error, sent.provider_message_id, len(sent.reason)) == ("a�b", "id�?", 64)
    assert (attempt.response[:2], len(attempt.response)) == ("?y", 1000)


STATEMENTS = ("SELECT", "INSERT", "UPDATE", "WITH")


def test_it_needs_few_statements(reply: Reply, history: History) -> None:
    send(pending(make_batch()), history)  # the ceilings are read
    with CaptureQueriesContext(connection) as captured:
        send(reply, history)
    work = [query["sql"] for query in captured if query["sql"].lstrip().startswith(STATEMENTS)]
    # read; is it too old?, how do things stand?, counted, claim, read, attempt; settle reply and attempt
    assert len(work) == 9 - (connection.vendor == "postgresql"), work


def test_it_refuses_a_sender_that_does_not_exist_before_it_changes_anything(
    reply: Reply, history: History, settings: Any
) -> None:
    settings.SMS_SENDER = "pigeon"
    with pytest.raises(
        ImproperlyConfigured,
        match="SMS_SENDER: 'pigeon' is not one of console, memory, smsgate, smsmobileapi",
    ):
        send(reply, history)
    assert Reply.objects.get().status == "pending"


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_call_out_of_a_transaction(history: History, outbox: list[memory.Sms]) -> None:
    reply = pending(make_batch())
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send(reply, history)
    assert (Reply.objects.get().status, outbox) == ("pending", [])


@pytest.mark.django_db(transaction=True)
def test_it_stays_pending_when_the_history_cannot_be_written(
    history: History, outbox: list[memory.Sms]
) -> None:
    reply = pending(make_batch())

    def refuse(kind: str, data: Any) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        services.send_once(reply.pk, record=refuse)
    assert (Reply.objects.get().status, ReplyAttempt.objects.count(), outbox) == ("pending", 0, [])


@pytest.mark.django_db(transaction=True)
def test_it_has_committed_the_attempt_before_it_calls(history: History, provider: SmsMobileApiServer) -> None:
    """Looked at by another connection while the provider has not answered yet."""
    reply = pending(make_batch())
    seen: list[str] = []
    provider.script("hold")
    sending = threading.Thread(target=_send_and_close, args=(reply, history, seen))
    sending.start()
    provider.asked.wait(10)
    stored = Reply.objects.get()
    outcome = stored.attempts.get().outcome
    provider.release.set()
    sending.join()
    assert (stored.status, outcome, seen) == ("sending", "in_flight", ["sent"])


@pytest.mark.django_db(transaction=True)
def test_it_calls_once_when_many_send_at_once(provider: SmsMobileApiServer) -> None:
    history = History()
    seen: list[str] = []
    reply = pending(make_batch())
    provider.script("hold")
    threads = [threading.Thread(target=_send_and_close, args=(reply, history, seen)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(seen) < 3:  # the three losers do not wait for the one that calls
        threads[0].join(0.01)
    provider.release.set()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["sending", "sending", "sending", "sent"]
    assert (len(provider.requests), ReplyAttempt.objects.count()) == (1, 1)
    assert history.kinds == ["reply_sending", "reply_sent"]


def _send_and_close(reply: Reply, history: History, seen: list[str]) -> None:
    try:
        seen.append(send(reply, history).status)
    finally:
        connection.close()
