"""The counters among several writers, which PostgreSQL has and SQLite has not: there this file is not collected."""

import threading

import pytest
from django.db import connections, transaction

from batches.metrics.counting import begin, count
from batches.models import Channel, Tally
from tests.batches.conftest import arrive
from tests.batches.test_metrics import PATIENCE, look, samples

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(2 * PATIENCE)]


def test_it_misses_nobody_who_commits_late() -> None:
    """Numbers are given out before they are seen: a later one's commit must not pass over an earlier one."""
    begin()
    waiting, go = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            arrive("Slow", sender="+639171234501")
            waiting.set()
            go.wait(10)
        connections.close_all()

    slow = threading.Thread(target=slowly)
    slow.start()
    waiting.wait(10)
    arrive("Quick", sender="+639171234502")
    for _ in range(3):
        assert "messages_total{channel=default}" not in samples()
    go.set()
    slow.join()
    assert look()["messages_total{channel=default}"] == 2


def test_it_waits_for_nobody_who_writes_no_events() -> None:
    """A long transaction of another kind must not stop the counters."""
    begin()
    writing, go = threading.Event(), threading.Event()

    def write_something_else() -> None:
        with transaction.atomic():
            Channel.objects.create(slug="another")
            writing.set()
            go.wait(30)
        connections.close_all()

    other = threading.Thread(target=write_something_else)
    other.start()
    writing.wait(10)
    try:
        arrive("Yes")
        assert look()["messages_total{channel=default}"] == 1
    finally:
        go.set()
        other.join()


def test_who_finds_another_counting_reads_and_does_not_wait() -> None:
    begin()
    arrive("Yes")
    locked, go = threading.Event(), threading.Event()

    def count_slowly() -> None:
        with transaction.atomic():
            Tally.objects.select_for_update().get()
            locked.set()
            go.wait(10)
        connections.close_all()

    other = threading.Thread(target=count_slowly)
    other.start()
    locked.wait(10)
    try:
        assert count().figures == {}
    finally:
        go.set()
        other.join()
