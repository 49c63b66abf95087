"""Closing on time, queueing in the same commit, and queueing again what was dropped."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from batches import closing, state
from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.closing import close_due, end_impossible_leases, reap
from batches.models import Batch
from batches.queue import enqueue
from tests.batches.conftest import age, arrive, closed, done, kinds


def queued() -> list[int]:
    """The batches that tasks in the queue name."""
    return sorted(task.task["args"][0] for task in OrmQ.objects.all())


def lease_over(batch: Batch, status: str) -> None:
    past = Now() - timedelta(seconds=1)
    Batch.objects.filter(id=batch.id).update(status=status, closed_at=past, lease_until=past)


@pytest.mark.django_db
class TestClosing:
    def test_it_closes_what_is_due_and_queues_it(self) -> None:
        due, later = arrive("Yes"), arrive("No", sender="+639181234567")
        age(due, 60)
        assert close_due() == 1
        due.refresh_from_db()
        later.refresh_from_db()
        assert (due.status, later.status) == (BatchStatus.CLOSED, BatchStatus.OPEN)
        assert due.closed_at is not None
        assert due.closed_at >= due.closes_at
        assert queued() == [due.id]

    def test_it_finds_nothing_twice(self) -> None:
        age(arrive("Yes"), 60)
        assert (close_due(), close_due()) == (1, 0)

    def test_it_closes_in_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(closing, "CHUNK", 2)
        for number in range(3):
            age(arrive("Yes", sender=f"+63917{number:07}"), 60)
        assert (close_due(), close_due(), close_due()) == (2, 1, 0)


@pytest.mark.django_db
class TestReaping:
    @pytest.mark.parametrize("status", ["closed", "processing"])
    def test_it_queues_what_was_dropped(self, status: str) -> None:
        batch = arrive("Yes")
        lease_over(batch, status)
        assert reap() == 1
        batch.refresh_from_db()
        assert (batch.status, batch.claim) == (BatchStatus.CLOSED, None)
        assert queued() == [batch.id]
        assert kinds(batch)[-1] == "requeued"

    def test_it_leaves_what_somebody_works_on(self) -> None:
        batch = arrive("Yes")
        Batch.objects.filter(id=batch.id).update(
            status="processing", lease_until=Now() + timedelta(seconds=30)
        )
        assert reap() == 0

    def test_it_leaves_a_batch_whose_turn_in_the_queue_has_not_come(self) -> None:
        batch = arrive("Yes")
        lease_over(batch, "closed")
        enqueue([batch.id])
        assert reap() == 0
        Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=3581))
        assert reap() == 1
        Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
        assert reap() == 0  # it has been queued anew, and has to wait as long again

    def test_it_waits_before_it_queues_the_same_again(self) -> None:
        lease_over(arrive("Yes"), "closed")
        assert (reap(), reap()) == (1, 0)


def held_until(time: timedelta, status: str, **fields: Any) -> Batch:
    batch = arrive("Yes")
    Batch.objects.filter(id=batch.id).update(status=status, lease_until=Now() + time, **fields)
    return batch


@pytest.mark.django_db
class TestAfterTheClockWasSetBack:
    @pytest.mark.parametrize("status", ["closed", "processing"])
    def test_what_was_dropped_is_queued_again(self, status: str, caplog: pytest.LogCaptureFixture) -> None:
        batch = held_until(timedelta(hours=1), status)
        assert reap() == 0
        assert end_impossible_leases() == 1
        assert caplog.messages[-1] == "The clock was set back: 1 batch(es) were held until later"
        time.sleep(0.01)
        assert reap() == 1
        assert queued() == [batch.id]

    def test_who_still_works_on_it_has_lost_it(self) -> None:
        batch, token = closed("Yes"), uuid4()
        assert state.claim(batch.id, token, timedelta(hours=1), "worker")
        end_impossible_leases()
        time.sleep(0.01)
        reap()
        assert state.set_label(batch.id, token, "agree") is None
        assert done(batch).outcome != Outcome.NONE

    @pytest.mark.parametrize("seconds", [60, 200])
    def test_a_lease_of_now_goes_on_by_another_machines_settings_too(self, seconds: int) -> None:
        held_until(timedelta(seconds=seconds), "processing")
        assert end_impossible_leases() == 0

    def test_a_reply_that_waits_for_long_goes_on_waiting(self) -> None:
        held_until(timedelta(hours=9), "closed", postponed=True)
        assert end_impossible_leases() == 0

    def test_an_open_batch_has_no_lease(self) -> None:
        arrive("Yes")
        assert end_impossible_leases() == 0


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_sweeps_close_each_batch_once(self) -> None:
        for number in range(40):
            age(arrive("Yes", sender=f"+63917{number:07}"), 60)

        def close(_turn: int) -> int:
            try:
                return close_due()
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=4) as pool:
            closed = sum(pool.map(close, range(8)))
        assert closed == 40
        assert len(queued()) == len(set(queued())) == 40

    def test_state_and_job_are_one_commit(self) -> None:
        batch = arrive("Yes")
        age(batch, 60)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            close_due()
            raise ZeroDivisionError
        batch.refresh_from_db()
        assert batch.status == BatchStatus.OPEN
        assert queued() == []

    @pytest.mark.parametrize("silent", [False, True])
    def test_a_lost_redis_push_leaves_the_batch_to_the_reaper(
        self,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        request: pytest.FixtureRequest,
        silent: bool,
    ) -> None:
        """Nobody listens there, or somebody who never says a word. Nothing is queued again until it is back."""
        server = socket.create_server(("127.0.0.1", 0))
        request.addfinalizer(server.close)
        url = f"redis://127.0.0.1:{server.getsockname()[1] if silent else 1}/0?socket_timeout=0.3"
        ours = settings.Q_CLUSTER
        with monkeypatch.context() as away:
            settings.Q_CLUSTER = {"name": "sms", "redis": url}
            away.setattr("django_q.conf.Conf.ORM", None)
            away.setattr("django_q.conf.Conf.BROKER_CLASS", None)
            away.setattr("django_q.conf.Conf.REDIS", url)
            batch = arrive("Yes")
            age(batch, 60)
            assert close_due() == 1
            batch.refresh_from_db()
            assert batch.status == BatchStatus.CLOSED
            assert "redis" in caplog.text.lower()
            assert batch.lease_until is not None
            Batch.objects.update(lease_until=Now() - timedelta(seconds=1))
            assert (reap(), reap()) == (0, 0)
        settings.Q_CLUSTER = ours
        assert reap() == 1
        assert queued() == [batch.id]
        assert kinds(batch).count("requeued") == 1
