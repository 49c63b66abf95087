"""What the node's sentinel lives through."""

from multiprocessing import Process
from typing import Any

import pytest
from django.db import DatabaseError, Error, InterfaceError, connection
from django_q import cluster
from django_q.conf import Conf

from batches.node import Sentinel
from batches.queue import SWEEP_QUEUE
from classification.models import Activation
from classification.rulesets.live import live


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [DatabaseError, InterfaceError])
def test_a_sweep_that_cannot_be_queued_does_not_end_the_sentinel(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: type[Error]
) -> None:
    def gone(*_: Any) -> None:
        raise kind("the connection is closed")

    monkeypatch.setattr(Conf, "CLUSTER_NAME", SWEEP_QUEUE)
    with connection.execute_wrapper(gone):
        Sentinel._replace_sweep(Sentinel.__new__(Sentinel))
    assert "No sweep can be queued" in caplog.text


@pytest.mark.django_db
def test_another_worker_is_forked_with_all_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    forked_with: list[int | None] = []

    def fork(*_: Any) -> None:
        forked_with.append(live.last.id if live.last else None)

    monkeypatch.setattr(cluster.Sentinel, "reincarnate", fork)
    sentinel = Sentinel.__new__(Sentinel)
    sentinel.monitor = sentinel.pusher = None
    live.cache_clear()
    sentinel.reincarnate(Process())  # one that was not started has no exit code, like one beyond its time
    assert forked_with == [Activation.objects.latest("id").ruleset_id]
