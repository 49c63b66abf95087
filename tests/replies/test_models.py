import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from batches.models import Batch
from replies.models import Reply, ReplyAttempt


def _insert(batch: Batch, status: str) -> Reply:
    return Reply.objects.create(
        batch=batch, to="+639171234567", body="Hi", segments=1, provider="memory", status=status
    )


@pytest.mark.parametrize(
    "status", ["pending", "sending", "sent", "refused", "unknown", "delivered", "undelivered"]
)
def test_it_forbids_a_second_live_reply(batch: Batch, status: str) -> None:
    _insert(batch, status)
    with pytest.raises(IntegrityError), transaction.atomic():
        _insert(batch, "pending")
    assert batch.replies.count() == 1


def test_it_allows_a_live_reply_beside_suppressed_ones(batch: Batch) -> None:
    for status in ("suppressed", "suppressed", "pending"):
        _insert(batch, status)
    assert batch.replies.count() == 3


def test_it_forbids_a_status_that_is_none(batch: Batch) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        _insert(batch, "lost")


def test_it_forbids_an_attempt_outcome_that_is_none(reply: Reply) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ReplyAttempt.objects.create(reply=reply, number=1, outcome="lost")


def test_it_forbids_a_second_attempt_of_one_number(reply: Reply) -> None:
    reply.attempts.create(number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        reply.attempts.create(number=1)


def test_it_keeps_a_batch_that_has_a_reply(reply: Reply) -> None:
    with pytest.raises(ProtectedError):
        reply.batch.delete()


def test_it_shows_no_number_and_no_text_as_its_name(reply: Reply) -> None:
    assert reply.to not in str(reply)
    assert reply.body not in str(reply)
