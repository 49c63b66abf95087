"""What is left when a process dies in a call, and when an answer comes after the call was given up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from replies import services
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import SendResult, accepted, unknown
from tests.replies.conftest import History, make_batch, pending, send

Interrupted = Callable[[float], Reply]


def test_it_becomes_unknown_when_the_sending_process_died(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = send(interrupted(1), history)
    assert (reply.status, reply.reason, outbox) == ("unknown", "interrupted", [])
    assert (reply.attempts.get().outcome, history.kinds) == ("unknown", ["reply_unknown"])


def test_it_becomes_unknown_when_the_clock_was_set_back_since(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = send(interrupted(-3600), history)
    assert (reply.status, reply.reason, outbox) == ("unknown", "interrupted", [])


def test_it_never_sends_an_interrupted_reply_later(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = interrupted(1)
    send(reply, history)
    assert (send(reply, history).status, outbox, len(history)) == ("unknown", [], 1)


def test_it_leaves_a_reply_that_another_process_is_sending(
    interrupted: Interrupted, history: History, outbox: list[memory.Sms]
) -> None:
    reply = send(interrupted(-30), history)
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
    send(reply, history)
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
    assert (send(reply, history).status, len(outbox)) == ("sent", 1)


def test_it_does_not_take_a_late_answer_for_that_of_a_newer_attempt(reply: Reply, history: History) -> None:
    def expire_and_send_again() -> None:
        _expire(reply, history)
        services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
        memory.next_results.append(unknown("timeout", "no answer"))
        send(reply, history)

    late = _answer_after(reply, history, expire_and_send_again)
    assert (late.status, late.reason, late.provider_message_id) == ("unknown", "timeout", "")
    assert [attempt.outcome for attempt in late.attempts.all()] == ["accepted", "unknown"]


def _expire(reply: Reply, history: History) -> None:
    Reply.objects.filter(pk=reply.pk).update(sending_until=reply.created_at)
    assert send(reply, history).status == "unknown"


def _answer_after(reply: Reply, history: History, meanwhile: Callable[[], None]) -> Reply:
    """Send with a provider that takes so long that `meanwhile` happens before it answers."""

    def late() -> SendResult:
        meanwhile()
        return accepted("late-1")

    memory.next_results.append(late)
    return send(reply, history)


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
