"""What the node's sentinel lives through."""

from typing import Any

import pytest
from django.db import DatabaseError, Error, InterfaceError, connection
from django_q.conf import Conf

from batches.node import Sentinel
from batches.queue import SWEEP_QUEUE


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
