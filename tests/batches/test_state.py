"""Transitions: the legal ones are won once, the illegal ones are refused loudly."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from batches import state
from batches.choices import BatchStatus, EventKind
from batches.models import Batch, BatchEvent
from classification.append_only import AppendOnlyError
from tests.batches.conftest import arrive, kinds

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=60)


@pytest.fixture
def closed() -> Batch:
    batch = arrive("Yes")
    assert state.advance(batch.id, BatchStatus.OPEN, BatchStatus.CLOSED, event=EventKind.CLOSED, actor="t")
    return batch


@pytest.mark.parametrize(("source", "target"), sorted(set(product(BatchStatus, BatchStatus)) - state.MOVES))
def test_it_refuses_an_illegal_move(source: BatchStatus, target: BatchStatus) -> None:
    with pytest.raises(state.IllegalMove):
        state.advance(1, source, target, event=EventKind.CLOSED, actor="t")


def test_it_writes_the_event_with_the_move(closed: Batch) -> None:
    closed.refresh_from_db()
    assert closed.status == BatchStatus.CLOSED
    assert kinds(closed)[-1] == "closed"


def test_it_is_won_once(closed: Batch) -> None:
    assert state.claim(closed.id, uuid4(), LEASE, "first")
    assert not state.claim(closed.id, uuid4(), LEASE, "second")
    assert [event.actor for event in closed.events.filter(kind="claimed")] == ["first"]


def test_it_writes_nothing_for_the_loser(closed: Batch) -> None:
    before = kinds(closed)
    assert not state.advance(
        closed.id, BatchStatus.OPEN, BatchStatus.CLOSED, event=EventKind.CLOSED, actor="t"
    )
    assert kinds(closed) == before


def test_it_fences_off_a_worker_that_was_replaced(closed: Batch) -> None:
    state.claim(closed.id, uuid4(), LEASE, "new owner")
    stale = uuid4()
    assert not state.set_label(closed.id, stale, "agree")
    assert not state.complete(closed.id, stale, outcome="replied", reason="", actor="stale")  # type: ignore[arg-type]
    closed.refresh_from_db()
    assert (closed.status, closed.label) == (BatchStatus.PROCESSING, "")


def test_the_database_knows_every_status_and_no_other(closed: Batch) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(id=closed.id).update(status="lost")


def test_the_database_forbids_a_settled_batch_without_an_outcome(closed: Batch) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(id=closed.id).update(status="completed")


def test_the_database_forbids_a_second_open_batch() -> None:
    batch = arrive("Yes")
    batch.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.save(force_insert=True)


def test_history_cannot_be_changed_or_deleted() -> None:
    event = arrive("Yes").events.get(kind="opened")
    for change in (event.save, event.delete, BatchEvent.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        BatchEvent.objects.update(actor="somebody else")
