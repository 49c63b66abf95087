"""One reply, one call, one outcome; and what is left when a process dies in between."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from replies import services
from replies.models import Reply, ReplyAttempt
from replies.senders import memory
from replies.senders.base import SendKind, SendResult, accepted, refused, unknown
from tests.replies.conftest import NUMBER, History, make_batch, pending
from tests.support.smsmobileapi_server import SmsMobileApiServer

Interrupted = Callable[[float], Reply]


def _send(reply: Reply, history: History) -> Reply:
    return services.send_once(reply.pk, record=history)


def test_it_sends_a_pending_reply(reply: Reply, history: History, outbox: list[memory.Sms]) -> None:
    sent = _send(reply, history)
    assert outbox == [memory.Sms(NUMBER, "Thanks for confirming! See you soon.", str(reply.idempotency_key))]
    assert (sent.status, sent.attempt_count, sent.sending_until) == ("sent", 1, None)
    assert sent.settled_at is not None


def test_it_returns_the_row_as_it_is_stored(reply: Reply, history: History) -> None:
    memory.next_results.append(refused("http_400", "no such number"))
    returned, stored = _send(reply, history), Reply.objects.get()
    for field in Reply._meta.concrete_fields:
        assert getattr(returned, field.attname) == getattr(stored, field.attname)


def test_it_completes_the_attempt(reply: Reply, history: History) -> None:
    memory.next_results.append(
        SendResult(SendKind.ACCEPTED, provider_message_id="m-1", http_status=200, response="{}")
    )
    _send(reply, history)
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
    sent = _send(reply, history)
    assert (sent.status, sent.reason, sent.error) == (status, result.reason, result.error)
    assert ReplyAttempt.objects.get().outcome == result.kind
    assert history.kinds == ["reply_sending", f"reply_{status}"]


def test_it_tells_enough_for_the_record(reply: Reply, history: History) -> None:
    memory.next_results.append(refused("http_400", "no such number"))
    _send(reply, history)
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
    first, second = _send(reply, history), _send(reply, history)
    assert (second.status, len(outbox), len(history)) == (first.status, 1, 2)


def test_it_sends_no_suppressed_reply(db: None, history: History, outbox: list[memory.Sms]) -> None:
    reply = pending(make_batch(), "suppressed")
    assert (_send(reply, history).status, outbox) == ("suppressed", [])


def test_it_takes_a_fault_in_a_sender_for_unknown(
    reply: Reply, history: History, caplog: pytest.LogCaptureFixture
) -> None:
    def fault() -> SendResult:
        raise ZeroDivisionError("a text that may quote a secret")

    memory.next_results.append(fault)
    sent = _send(reply, history)
    assert (sent.status, sent.reason) == ("unknown", "sender_fault")
    assert "secret" not in sent.error
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_it_stores_what_a_database_cannot_hold_visibly(reply: Reply, history: History) -> None:
    memory.next_results.append(
        SendResult(SendKind.REFUSED, "id\0\ud83d", "x" * 100, "a\0b", response="\ud83d" + "y" * 2000)
    )
    sent = _send(reply, history)
    attempt = sent.attempts.get()
    assert (sent.error, sent.provider_message_id, len(sent.reason)) == ("a�b", "id�?", 64)
    assert (attempt.response[:2], len(attempt.response)) == ("?y", 1000)


def test_it_becomes_unknown_when_the_sending_process_died(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = _send(interrupted(1), history)
    assert (reply.status, reply.reason, outbox) == ("unknown", "interrupted", [])
    assert (reply.attempts.get().outcome, history.kinds) == ("unknown", ["reply_unknown"])


def test_it_becomes_unknown_when_the_clock_was_set_back_since(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = _send(interrupted(-3600), history)
    assert (reply.status, reply.reason, outbox) == ("unknown", "interrupted", [])


def test_it_never_sends_an_interrupted_reply_later(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = interrupted(1)
    _send(reply, history)
    assert (_send(reply, history).status, outbox, len(history)) == ("unknown", [], 1)


def test_it_leaves_a_reply_that_another_process_is_sending(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = _send(interrupted(-30), history)
    assert (reply.status, outbox, history) == ("sending", [], [])
    assert reply.attempts.get().outcome == "in_flight"


def test_it_leases_half_as_long_as_a_batch(reply: Reply, history: History, settings: Any) -> None:
    settings.BATCH_LEASE_SECONDS = 3600
    leases = []

    def look() -> SendResult:
        row = Reply.objects.get(pk=reply.pk)
        assert row.sending_until is not None
        leases.append(row.sending_until - row.attempts.get().started_at)
        return accepted("m-1")

    memory.next_results.append(look)
    _send(reply, history)
    assert leases[0] == pytest.approx(timedelta(minutes=30), abs=timedelta(minutes=1))


def test_it_counts_an_answer_that_comes_after_the_call_was_given_up(reply: Reply, history: History) -> None:
    late = _answer_after(reply, history, lambda: _expire(reply, history))
    assert (late.status, late.provider_message_id, late.reason) == ("sent", "late-1", "")
    assert history.kinds == ["reply_sending", "reply_unknown", "reply_sent"]


def test_it_spares_an_operators_resend_that_a_late_answer_makes_needless(
    reply: Reply, history: History, outbox: list[memory.Sms]
) -> None:
    def expire_and_resend() -> None:
        _expire(reply, history)
        services.resend(reply.pk, terms=services.ANY_TERMS, record=history)

    late = _answer_after(reply, history, expire_and_resend)
    assert (late.status, late.attempts.get().outcome) == ("sent", "accepted")
    assert history.kinds == ["reply_sending", "reply_unknown", "reply_requeued", "reply_sent"]
    assert (_send(reply, history).status, len(outbox)) == ("sent", 1)


def test_it_does_not_take_a_late_answer_for_that_of_a_newer_attempt(reply: Reply, history: History) -> None:
    def expire_and_send_again() -> None:
        _expire(reply, history)
        services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
        memory.next_results.append(unknown("timeout", "no answer"))
        _send(reply, history)

    late = _answer_after(reply, history, expire_and_send_again)
    assert (late.status, late.reason, late.provider_message_id) == ("unknown", "timeout", "")
    assert [attempt.outcome for attempt in late.attempts.all()] == ["accepted", "unknown"]


def _expire(reply: Reply, history: History) -> None:
    Reply.objects.filter(pk=reply.pk).update(sending_until=reply.created_at)
    assert _send(reply, history).status == "unknown"


def _answer_after(reply: Reply, history: History, meanwhile: Callable[[], None]) -> Reply:
    """Send with a provider that takes so long that `meanwhile` happens before it answers."""

    def late() -> SendResult:
        meanwhile()
        return accepted("late-1")

    memory.next_results.append(late)
    return _send(reply, history)


STATEMENTS = ("SELECT", "INSERT", "UPDATE", "WITH")


def test_it_needs_few_statements(reply: Reply, history: History) -> None:
    _send(pending(make_batch()), history)  # the ceilings are read
    with CaptureQueriesContext(connection) as captured:
        _send(reply, history)
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
        _send(reply, history)
    assert Reply.objects.get().status == "pending"


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_call_out_of_a_transaction(history: History, outbox: list[memory.Sms]) -> None:
    reply = pending(make_batch())
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        _send(reply, history)
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
        seen.append(_send(reply, history).status)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_it_writes_the_answer_down_when_the_server_only_reads_for_a_while(history: History) -> None:
    """As after a failover: the call is over when the new server still recovers."""
    reply = pending(make_batch())
    late = _answer_after(reply, history, _only_read)
    assert (late.status, late.provider_message_id) == ("sent", "late-1")
    assert late.attempts.get().outcome == "accepted"


def _only_read() -> None:
    """Until this connection is given up."""
    with connection.cursor() as cursor:
        postgres = connection.vendor == "postgresql"
        session = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
        cursor.execute(session if postgres else "PRAGMA query_only = ON")


@pytest.mark.parametrize("result", [refused("http_401", "no such key"), unknown("timeout", "no answer")])
def test_it_puts_a_reply_back_when_an_operator_says_so(
    reply: Reply, history: History, outbox: list[memory.Sms], result: SendResult
) -> None:
    memory.next_results.append(result)
    before = _send(reply, history).status
    assert services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
    assert Reply.objects.get().settled_at is None
    assert history[-1] == ("reply_requeued", {"reply_id": reply.pk, "was": before, "reason": result.reason})
    sent = _send(reply, history)
    assert (sent.status, sent.reason, sent.error, len(outbox)) == ("sent", "", "", 2)
    assert [attempt.number for attempt in sent.attempts.all()] == [1, 2]


@pytest.mark.parametrize("status", ["pending", "sending", "sent", "suppressed", "delivered", "undelivered"])
def test_it_puts_no_other_reply_back(reply: Reply, history: History, status: str) -> None:
    Reply.objects.filter(pk=reply.pk).update(status=status)
    assert not services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
    assert (Reply.objects.get().status, history) == (status, [])


def test_it_puts_a_reply_back_once(reply: Reply, history: History) -> None:
    memory.next_results.append(unknown("timeout", "no answer"))
    _send(reply, history)
    assert [services.resend(reply.pk, terms=services.ANY_TERMS, record=history) for _ in range(2)] == [
        True,
        False,
    ]
