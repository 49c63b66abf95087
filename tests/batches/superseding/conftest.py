"""What the tests of a sender who writes on share."""

from datetime import timedelta
from typing import Any

import pytest

from batches import closing
from batches.clock import Now
from batches.models import Batch
from classification import services as classification
from replies.senders.base import refused, unknown
from tests.batches.conftest import close, done

BUSY = refused("http_503", "try later", retryable=True)
NO_ANSWER = unknown("timeout", "No answer in time.")


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts of each call for a verdict."""
    calls = list[list[str]]()
    classify = classification.classify

    def told(some: list[str], **context: Any) -> Any:
        calls.append(some)
        return classify(some, **context)

    monkeypatch.setattr(classification, "classify", told)
    return calls


def finish(batch: Batch) -> Batch:
    """Its window is over, and a worker takes it."""
    return done(close(batch))


def come(batch: Batch) -> Batch:
    """The turn of a batch that waits has come."""
    Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
    assert closing.reap() == 1
    return done(batch)
