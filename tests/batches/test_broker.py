"""Tasks travel between machines whose clocks differ, and each goes to one of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from batches.broker import Broker
from batches.queue import backlog, enqueue

pytestmark = pytest.mark.django_db


def _broker() -> Broker:
    broker = get_broker(settings.Q_CLUSTER["name"])
    assert isinstance(broker, Broker)
    return broker


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_task_is_there_for_machines_whose_clocks_differ(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(seconds=seconds))
    enqueue([1, 2])
    monkeypatch.setattr(timezone, "now", right)
    assert backlog()
    assert len(_broker().dequeue()) == 2
    assert not backlog()


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_machine_with_a_wrong_clock_takes_what_is_free_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(seconds=seconds))
    enqueue([1])
    assert len(_broker().dequeue()) == 1
    assert not _broker().dequeue()


def test_a_task_that_was_handed_out_is_hidden() -> None:
    enqueue([1])
    broker = _broker()
    [(task_id, _)] = broker.dequeue()
    assert not broker.dequeue()
    broker.acknowledge(task_id)
    assert not OrmQ.objects.exists()


def test_a_task_that_nobody_finished_comes_again() -> None:
    enqueue([1])
    broker = _broker()
    taken = broker.dequeue()
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))  # `retry` seconds later
    assert broker.dequeue() == taken


def test_what_comes_together_is_queued_in_one_statement(
    django_assert_num_queries: Callable[[int], AbstractContextManager[None]],
) -> None:
    with django_assert_num_queries(1):
        enqueue(range(1, 51))
    assert backlog() == 50


def test_the_oldest_come_first() -> None:
    enqueue(range(1, 2 * Conf.BULK + 1))
    broker = _broker()
    taken = [SignedPackage.loads(payload)["args"][0] for _ in range(2) for _, payload in broker.dequeue()]
    assert taken == list(range(1, 2 * Conf.BULK + 1))


@pytest.mark.django_db(transaction=True)
def test_each_goes_to_one_of_those_who_ask_at_once() -> None:
    tasks = 10 * Conf.BULK
    enqueue(range(tasks))

    def take(_turn: int) -> list[int]:
        try:
            return [task_id for task_id, _ in _broker().dequeue()]
        finally:
            connection.close()

    taken: list[int] = []
    with ThreadPoolExecutor(max_workers=8) as pool:
        while OrmQ.objects.filter(lock__lt=timezone.now()).exists():
            taken += [task_id for some in pool.map(take, range(8)) for task_id in some]
    assert len(taken) == len(set(taken)) == tasks
