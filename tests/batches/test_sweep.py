"""The sweep: one leads, one stands by, further ones leave."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection
from django_q.models import OrmQ, Schedule

from batches import sweep as sweeping
from batches.choices import BatchStatus
from batches.clock import Now
from batches.leases import LEADER, STANDBY, TTL, is_held, release, since_beat, take
from batches.models import Batch, Lease
from batches.schedules import sync
from batches.sweep import sweep, until_next_due
from tests.batches.conftest import age, arrive
from tests.support.databases import ON_POSTGRES


@pytest.mark.django_db
class TestLeases:
    def test_it_is_held_by_one(self) -> None:
        first, second = uuid4(), uuid4()
        assert take(LEADER, first)
        assert not take(LEADER, second)
        assert take(LEADER, first)

    def test_it_is_free_when_its_time_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("batches.leases.TTL", TTL * 0)
        take(LEADER, uuid4())
        time.sleep(0.01)
        assert take(LEADER, uuid4())

    def test_it_is_free_when_given_up(self) -> None:
        holder = uuid4()
        take(LEADER, holder)
        release(LEADER, holder)
        assert take(LEADER, uuid4())

    def test_it_is_given_up_by_its_holder_only(self) -> None:
        take(LEADER, uuid4())
        release(LEADER, uuid4())
        assert not take(LEADER, uuid4())

    def test_it_tells_when_it_was_last_renewed(self) -> None:
        assert since_beat() is None
        take(LEADER, uuid4())
        age = since_beat()
        assert age is not None
        assert age < timedelta(seconds=60)

    def test_one_from_before_the_clock_was_set_back_holds_nobody_up(self) -> None:
        _set_back(timedelta(minutes=10))
        age = since_beat()
        assert age is not None
        assert age > timedelta(minutes=9)
        assert not is_held(LEADER)
        assert take(LEADER, uuid4())
        assert is_held(LEADER)
        assert not take(LEADER, uuid4())

    def test_one_that_was_renewed_while_somebody_waited_for_the_row_is_not_taken(self) -> None:
        """Who waited compares by the time at which it began to wait."""
        _set_back(2 * TTL)
        assert is_held(LEADER)
        assert not take(LEADER, uuid4())


def _set_back(time: timedelta) -> None:
    """What a leader leaves behind that dies, whereupon the clock is set back by so much."""
    row = Lease.objects.filter(name=LEADER)
    row.update(holder=uuid4(), until=Now() + time + TTL, beat_at=Now() + time)


@pytest.mark.django_db
class TestSchedule:
    def test_it_exists_after_migrating_and_stays_one(self) -> None:
        sync()
        schedule = Schedule.objects.get(func="batches.tasks.sweep")
        assert (schedule.schedule_type, schedule.minutes, schedule.cluster) == (Schedule.MINUTES, 1, "sweep")
        assert Lease.objects.count() == 2

    def test_it_sleeps_until_the_next_window_is_over(self) -> None:
        assert until_next_due() == sweeping.RENEW
        batch = arrive("Yes")
        age(batch, 59.8)
        assert 0 < until_next_due() <= 0.2
        age(batch, 61)
        assert until_next_due() < 0


@pytest.fixture
def _running() -> Iterator[None]:
    yield
    sweeping._stopping.value = 0


def _sweep_in_thread(duration: float) -> Thread:
    def run() -> None:
        try:
            sweep(duration)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_running")
class TestSweeping:
    def test_it_closes_everything_due(self) -> None:
        batches = [arrive("Yes", sender=f"+63917{number:07}") for number in range(60)]
        for batch in batches:
            age(batch, 60)
        _sweep_in_thread(2).join()
        assert not Batch.objects.exclude(status=BatchStatus.CLOSED).exists()

    @pytest.mark.parametrize("planned", [timedelta(days=400), None])
    def test_it_recalls_schedules_that_would_come_up_in_a_year(self, planned: timedelta | None) -> None:
        """A node's clock was ahead when it planned them: no report would be mailed, and nothing purged."""
        sync()
        Schedule.objects.update(next_run=planned and Now() + planned)
        _sweep_in_thread(0.5).join()
        assert not Schedule.objects.exclude(next_run__lte=Now()).exists()

    def test_it_closes_when_the_window_is_over(self) -> None:
        batch = arrive("Yes")
        age(batch, 59)
        thread = _sweep_in_thread(2)
        thread.join()
        batch.refresh_from_db()
        assert batch.status == BatchStatus.CLOSED
        assert batch.closed_at is not None
        assert batch.closed_at >= batch.closes_at

    def test_the_standby_takes_over_from_a_leader_that_dies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dead = uuid4()
        take(LEADER, dead)  # and never renews
        batch = arrive("Yes")
        age(batch, 60)
        _sweep_in_thread(4).join()
        batch.refresh_from_db()
        assert batch.status == BatchStatus.CLOSED

    def test_the_clock_is_set_back_after_a_leader_died(self) -> None:
        _set_back(timedelta(minutes=10))
        dropped = arrive("No", sender="+639181234567")
        held = {"status": BatchStatus.PROCESSING, "lease_until": Now() + timedelta(minutes=11)}
        Batch.objects.filter(id=dropped.id).update(**held)
        age(arrive("Yes"), 60)
        _sweep_in_thread(3).join()
        assert [batch.status for batch in Batch.objects.all()] == [BatchStatus.CLOSED] * 2

    def test_one_of_many_takes_a_lease_from_before_the_clock_was_set_back(self) -> None:
        _set_back(timedelta(minutes=10))

        def try_to_take(_turn: int) -> bool:
            try:
                return take(LEADER, uuid4())
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=8) as pool:
            assert sum(pool.map(try_to_take, range(8))) == 1

    def test_a_third_one_leaves(self) -> None:
        others = [_sweep_in_thread(5), _sweep_in_thread(5)]
        while Lease.objects.filter(name__in=[LEADER, STANDBY], holder=None).exists():
            time.sleep(0.05)
        started = time.monotonic()
        sweep(60)
        assert time.monotonic() - started < 30  # it left: its own time would have been a minute
        sweeping.stop_all()
        for other in others:
            other.join()

    def test_it_stops_when_its_node_stops(self) -> None:
        thread = _sweep_in_thread(60)
        sweeping.stop_all()
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert not Lease.objects.exclude(holder=None).exists()

    def test_a_node_that_stops_sends_for_another_nodes_sweep(self) -> None:
        thread = _sweep_in_thread(60)
        while not Lease.objects.filter(name=LEADER).exclude(holder=None).exists():
            time.sleep(0.05)
        OrmQ.objects.all().delete()  # the one that it has sent for a standby
        sweeping.stop_all()
        thread.join(timeout=30)
        assert OrmQ.objects.filter(key="sweep").count() == 1
        # Taken by a process of the node that stops, it is handed on.
        OrmQ.objects.all().delete()
        assert sweep(60) == {"closed": 0, "requeued": 0}
        assert OrmQ.objects.filter(key="sweep").count() == 1

    if ON_POSTGRES:  # a file does not fail over

        def test_it_closes_after_the_server_only_read_for_a_while(
            self, caplog: pytest.LogCaptureFixture
        ) -> None:
            batch = arrive("Yes")
            thread = _sweep_in_thread(60)
            while not Lease.objects.filter(name=LEADER).exclude(holder=None).exists():
                time.sleep(0.05)
            with _only_reading_elsewhere():
                _wait_for(lambda: "ReadOnlySqlTransaction" in caplog.text)
            age(batch, 61)
            _wait_for(lambda: Batch.objects.get(id=batch.id).status == BatchStatus.CLOSED)
            sweeping.stop_all()
            thread.join(timeout=30)


def _wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def _only_reading_elsewhere() -> Iterator[None]:
    """As after a failover: all connections but this one are gone, and new ones find a server that still recovers."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        cursor.execute(others, [name])
        try:
            yield
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = off')
