"""The counters among several writers, which PostgreSQL has and SQLite has not: there this file is not collected."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import connections, transaction

from batches.metrics.counting import begin, count
from batches.models import Channel, Tally
from tests.batches.conftest import arrive
from tests.batches.test_metrics import PATIENCE, look, samples

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(2 * PATIENCE)]


def _write(work: Callable[[], object], written: Event, go: Event) -> None:
    with transaction.atomic():
        work()
        written.set()
        go.wait(30)
    connections.close_all()


@contextmanager
def uncommitted(work: Callable[[], object]) -> Iterator[None]:
    """Another writer has done this by now, and commits when the block is over."""
    written, go = Event(), Event()
    writer = Thread(target=_write, args=(work, written, go))
    writer.start()
    try:
        assert written.wait(10)
        yield
    finally:
        go.set()
        writer.join()


def test_it_misses_nobody_who_commits_late() -> None:
    """Numbers are given out before they are seen: a later one's commit must not pass over an earlier one."""
    begin()
    with uncommitted(lambda: arrive("Slow", sender="+639171234501")):
        arrive("Quick", sender="+639171234502")
        for _ in range(3):
            assert samples()["messages_total{channel=default}"] == 0
    assert look()["messages_total{channel=default}"] == 2


def test_it_waits_for_nobody_who_writes_no_events() -> None:
    """A long transaction of another kind must not stop the counters."""
    begin()
    with uncommitted(lambda: Channel.objects.create(slug="another")):
        arrive("Yes")
        assert look()["messages_total{channel=default}"] == 1


def test_who_finds_another_counting_reads_and_does_not_wait() -> None:
    begin()
    arrive("Yes")
    with uncommitted(lambda: Tally.objects.select_for_update().get()):
        assert not any(count().figures["messages"].values())
