"""A settled reply that an operator has sent again."""

import pytest

from replies import services
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import SendResult, refused, unknown
from tests.replies.conftest import History, send


@pytest.mark.parametrize("result", [refused("http_401", "no such key"), unknown("timeout", "no answer")])
def test_it_puts_a_reply_back_when_an_operator_says_so(
    reply: Reply, history: History, outbox: list[memory.Sms], result: SendResult
) -> None:
    memory.next_results.append(result)
    before = send(reply, history).status
    assert services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
    assert Reply.objects.get().settled_at is None
    assert history[-1] == ("reply_requeued", {"reply_id": reply.pk, "was": before, "reason": result.reason})
    sent = send(reply, history)
    assert (sent.status, sent.reason, sent.error, len(outbox)) == ("sent", "", "", 2)
    assert [attempt.number for attempt in sent.attempts.all()] == [1, 2]


@pytest.mark.parametrize("status", ["pending", "sending", "sent", "suppressed", "delivered", "undelivered"])
def test_it_puts_no_other_reply_back(reply: Reply, history: History, status: str) -> None:
    Reply.objects.filter(pk=reply.pk).update(status=status)
    assert not services.resend(reply.pk, terms=services.ANY_TERMS, record=history)
    assert (Reply.objects.get().status, history) == (status, [])


def test_it_puts_a_reply_back_once(reply: Reply, history: History) -> None:
    memory.next_results.append(unknown("timeout", "no answer"))
    send(reply, history)
    assert [services.resend(reply.pk, terms=services.ANY_TERMS, record=history) for _ in range(2)] == [
        True,
        False,
    ]
