"""Tasks travel between machines whose clocks differ."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ

from batches.broker import Broker
from batches.queue import backlog, enqueue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_task_is_there_for_machines_whose_clocks_differ(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    broker = get_broker(settings.Q_CLUSTER["name"])
    assert isinstance(broker, Broker)
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(seconds=seconds))
    enqueue([1, 2])
    monkeypatch.setattr(timezone, "now", right)
    assert backlog()
    assert len(broker.dequeue()) == 2
    assert not backlog()


def test_a_task_that_was_handed_out_is_hidden() -> None:
    enqueue([1])
    broker = get_broker(settings.Q_CLUSTER["name"])
    [(task_id, _)] = broker.dequeue()
    assert not broker.dequeue()
    broker.acknowledge(task_id)
    assert not OrmQ.objects.exists()
