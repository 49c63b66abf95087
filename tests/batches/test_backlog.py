"""More batches than the workers can serve for a while: none is queued twice, a lost one is found, all are settled."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.closing import reap
from batches.models import Batch, BatchEvent, Channel, Message
from batches.pipeline import process
from replies.senders import memory
from tests.batches.conftest import close_all, closed, kinds

pytestmark = pytest.mark.django_db

LATE, VERY_LATE = 41, 3601  # seconds since it was queued
OVERDUE = 2_000


def _queued_ago(seconds: float, batches: list[Batch]) -> None:
    """So long ago in their order, a millisecond apart."""
    for turn, batch in enumerate(batches):
        since = timedelta(seconds=seconds - 20, milliseconds=-turn)
        Batch.objects.filter(id=batch.id).update(lease_until=Now() - since)


def _tasks() -> list[int]:
    return [task.task["args"][0] for task in OrmQ.objects.filter(key="sms").order_by("id")]


@pytest.fixture
def waiting() -> list[Batch]:
    """Queued in this order, longer ago than a task may take, and no worker has come to them yet."""
    batches = [closed("Yes", sender=f"+63917{number:07}") for number in range(6)]
    _queued_ago(LATE, batches)
    return batches


def test_what_waits_is_not_queued_twice(waiting: list[Batch]) -> None:
    assert reap() == 0
    assert _tasks() == [batch.id for batch in waiting]
    assert not BatchEvent.objects.filter(kind="requeued").exists()


def test_what_is_in_a_pushers_hands_is_queued_again_once(waiting: list[Batch]) -> None:
    """Nobody can tell it from what was lost; what follows it in the queue is not touched."""
    OrmQ.objects.filter(id__in=OrmQ.objects.order_by("id")[:2]).update(
        lock=timezone.now() + timedelta(minutes=5)
    )
    assert (reap(), reap()) == (2, 0)
    _queued_ago(LATE, waiting)
    assert reap() == 0
    assert _tasks()[-2:] == [batch.id for batch in waiting[:2]]


def test_a_lost_one_is_found_among_those_that_wait(waiting: list[Batch]) -> None:
    OrmQ.objects.order_by("id")[0].delete()
    assert (reap(), reap()) == (1, 0)
    assert _tasks() == [batch.id for batch in [*waiting[1:], waiting[0]]]
    assert kinds(waiting[0])[-1] == "requeued"


def test_the_one_that_was_queued_first_is_the_lost_one(waiting: list[Batch]) -> None:
    """Not the one that is oldest: that one has been postponed, and queued again after all others."""
    oldest = waiting.pop()
    Batch.objects.filter(id=oldest.id).update(
        closes_at=Now() - timedelta(hours=1), opened_at="2026-01-01T00:00Z"
    )
    OrmQ.objects.order_by("id")[0].delete()
    assert (reap(), reap()) == (1, 0)
    assert kinds(waiting[0])[-1] == "requeued"


def test_all_lost_ones_are_found(waiting: list[Batch]) -> None:
    OrmQ.objects.all().delete()
    _queued_ago(21, waiting)
    assert reap() == len(waiting)


def test_postponed_ones_are_no_sign_of_a_loss(waiting: list[Batch]) -> None:
    for batch in waiting[:3]:
        Batch.objects.filter(id=batch.id).update(postponed=True, lease_until=Now() + timedelta(minutes=1))
    assert reap() == 0


def test_a_task_too_many_hides_a_lost_one_for_an_hour_at_most(waiting: list[Batch]) -> None:
    tasks = list(OrmQ.objects.order_by("id"))
    tasks[0].delete()
    OrmQ.objects.create(key="sms", payload=tasks[1].payload, lock=tasks[1].lock)
    assert reap() == 0
    _queued_ago(VERY_LATE, waiting[:1])
    assert (reap(), reap()) == (1, 0)
    assert kinds(waiting[0])[-1] == "requeued"


def test_after_a_day_one_sweep_queues_each_once_and_old_ones_are_held(outbox: list[memory.Sms]) -> None:
    """Nothing has closed a batch or worked meanwhile."""
    overdue = _since_yesterday()

    assert (close_all(), reap()) == (OVERDUE, 0)
    assert sorted(_tasks()) == overdue
    Batch.objects.update(lease_until=Now() - timedelta(seconds=LATE))
    assert (close_all(), reap()) == (0, 0)

    for batch_id in (overdue[0], overdue[-1]):
        process(batch_id, "worker")
    settled = Batch.objects.filter(status=BatchStatus.COMPLETED)
    assert list(settled.values_list("outcome", "label")) == [(Outcome.HELD, "agree")] * 2
    assert outbox == []
    assert Batch.objects.filter(status=BatchStatus.CLOSED).count() == OVERDUE - 2


def _since_yesterday() -> list[int]:
    """Conversations of different senders that are open since then; who wrote is known of the first and the last."""
    channel = Channel.objects.get(slug="default")
    yesterday = timezone.now() - timedelta(days=1)
    batches = Batch.objects.bulk_create(
        (
            Batch(
                channel=channel,
                sender=f"+63918{number:07}",
                sender_kind="number",
                message_count=1,
                opened_at=yesterday,
                closes_at=yesterday + timedelta(minutes=1),
            )
            for number in range(OVERDUE)
        ),
        batch_size=1000,
    )
    for batch in (batches[0], batches[-1]):
        Message.objects.create(
            channel=channel,
            batch=batch,
            provider_message_id=batch.sender,
            sender=batch.sender,
            sender_raw=batch.sender,
            sender_kind="number",
            text="Yes",
            received_at=yesterday,
        )
    return [batch.id for batch in batches]
