"""Refused for now, or unknown at a provider that looks at the key: tried again by itself, until it is too old."""

from typing import Any

import pytest

from replies import services
from replies.models import Reply
from replies.retries import FIRST_WAIT, LONGEST_ASKED, LONGEST_WAIT, wait_before_retry
from replies.senders import memory
from replies.senders.base import SendKind, SendResult, accepted, refused, unknown
from tests.replies.conftest import History

BUSY = refused("http_429", "slow down", retryable=True)


@pytest.fixture
def looks_at_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory sender as a provider that takes each reference once."""
    monkeypatch.setattr(memory.MemorySender, "idempotent", True)


def _send(reply: Reply, history: History, then: services.Then | None = None) -> Reply:
    return services.send_once(reply.pk, record=history, then=then or (lambda _: None))


def test_it_waits_for_a_provider_that_refuses_for_now(reply: Reply, history: History) -> None:
    memory.next_results.append(BUSY)
    told: list[tuple[str, float | None]] = []
    waiting = _send(reply, history, lambda settled: told.append((settled.status, settled.retry_in)))
    assert (waiting.status, waiting.reason, waiting.settled_at) == ("pending", "http_429", None)
    assert history.kinds == ["reply_sending", "reply_refused"]
    [(status, wait)] = told
    assert status == "pending"
    assert wait is not None
    assert FIRST_WAIT * 0.75 <= wait <= FIRST_WAIT * 1.25


def test_it_sends_with_the_same_key_then(reply: Reply, history: History, outbox: list[memory.Sms]) -> None:
    memory.next_results.append(BUSY)
    _send(reply, history)
    sent = _send(reply, history)
    assert (sent.status, sent.attempt_count, sent.error) == ("sent", 2, "")
    assert [sms.reference for sms in outbox] == [str(reply.idempotency_key)] * 2
    assert [attempt.outcome for attempt in sent.attempts.all()] == ["refused", "accepted"]


@pytest.mark.parametrize("result", [unknown("timeout", "no answer"), refused("http_401", "no such key")])
def test_it_does_not_repeat_what_may_have_left_or_never_will(
    reply: Reply, history: History, result: SendResult
) -> None:
    memory.next_results.append(result)
    assert _send(reply, history).status == result.kind


def test_it_repeats_an_unknown_where_the_provider_looks_at_the_key(
    looks_at_the_key: None, reply: Reply, history: History
) -> None:
    memory.next_results.append(unknown("timeout", "no answer"))
    assert (_send(reply, history).status, history.kinds[-1]) == ("pending", "reply_unknown")
    assert _send(reply, history).status == "sent"


def test_it_does_not_repeat_an_unknown_at_another_provider(
    looks_at_the_key: None, reply: Reply, history: History
) -> None:
    """Their keys are their own."""
    Reply.objects.update(
        status="sending", attempt_count=1, provider="smsgate", sending_until="2026-01-01T00:00Z"
    )
    assert (_send(reply, history).status, history.kinds) == ("unknown", ["reply_unknown"])


def test_it_goes_on_after_a_death_where_the_provider_looks_at_the_key(
    looks_at_the_key: None, interrupted: Any, history: History, outbox: list[memory.Sms]
) -> None:
    reply = interrupted(1)
    settled: list[str] = []
    sent = _send(reply, history, lambda one: settled.append(one.status))
    assert (sent.status, sent.attempt_count, len(outbox)) == ("sent", 2, 1)
    assert (settled, history.kinds) == (["sent"], ["reply_unknown", "reply_sending", "reply_sent"])


@pytest.mark.parametrize(
    ("tried", "status"), [(None, "refused"), (BUSY, "refused"), (unknown("timeout", "no answer"), "unknown")]
)
def test_it_sends_nothing_that_has_expired(
    looks_at_the_key: None,
    reply: Reply,
    history: History,
    outbox: list[memory.Sms],
    tried: SendResult | None,
    status: str,
) -> None:
    if tried:
        memory.next_results.append(tried)
        _send(reply, history)
    Reply.objects.update(expires_at="2026-01-01T00:00Z")
    settled: list[str] = []
    late = _send(reply, history, lambda one: settled.append(one.status))
    assert (late.status, late.reason, settled) == (status, "expired", [status])
    assert late.error.startswith("Not sent within 360 minutes.")
    assert late.settled_at is not None
    assert len(outbox) == (1 if tried else 0)


def test_it_gives_an_operators_resend_its_time(reply: Reply, history: History) -> None:
    Reply.objects.update(expires_at="2026-01-01T00:00Z")
    _send(reply, history)
    assert services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
    assert _send(reply, history).status == "sent"


class TestWaits:
    @pytest.mark.parametrize(
        ("attempt", "seconds"), [(1, 15), (2, 30), (3, 60), (7, LONGEST_WAIT), (5000, LONGEST_WAIT)]
    )
    def test_it_doubles_up_to_a_limit(self, attempt: int, seconds: float) -> None:
        reply = Reply(attempt_count=attempt, provider="memory")
        waits = {wait_before_retry(memory.MemorySender(), reply, BUSY) or 0 for _ in range(50)}
        assert seconds * 0.75 <= min(waits) < max(waits) <= seconds * 1.25

    @pytest.mark.parametrize(("asked", "least"), [(0, 1), (90, 90), (1e12, LONGEST_ASKED)])
    def test_it_waits_as_long_as_it_was_told(self, asked: float, least: float) -> None:
        told = SendResult(SendKind.REFUSED, retryable=True, retry_after=asked)
        wait = wait_before_retry(memory.MemorySender(), Reply(attempt_count=1, provider="memory"), told)
        assert wait is not None
        assert least <= wait <= least * 1.25

    def test_it_does_not_wait_after_success(self) -> None:
        assert wait_before_retry(memory.MemorySender(), Reply(provider="memory"), accepted("1")) is None
