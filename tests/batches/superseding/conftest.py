"""What the tests of a sender who writes on share."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from batches import closing
from batches.clock import Now
from batches.models import Batch
from batches.pipeline import process
from classification import services as classification
from replies.senders import memory
from replies.senders.base import refused, unknown
from tests.batches.conftest import age, arrive

BUSY = refused("http_503", "try later", retryable=True)
NO_ANSWER = unknown("timeout", "No answer in time.")


@pytest.fixture(autouse=True)
def outbox(settings: Any) -> Iterator[list[memory.Sms]]:
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.CLASSIFICATION_MODE = "rules"
    memory.reset()
    yield memory.outbox
    memory.reset()


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


def closed(*words: str) -> Batch:
    batch = arrive(*words)
    age(batch, 61)
    closing.close_due()
    return batch


def done(batch: Batch) -> Batch:
    process(batch.id, "worker")
    batch.refresh_from_db()
    return batch


def finish(batch: Batch) -> Batch:
    """Its window is over, and a worker takes it."""
    age(batch, 61)
    closing.close_due()
    return done(batch)


def come(batch: Batch) -> Batch:
    """The turn of a batch that waits has come."""
    Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
    assert closing.reap() == 1
    return done(batch)


def arrive_from(sender: str) -> Batch:
    batch = arrive("Yes", sender=sender)
    age(batch, 61)
    closing.close_due()
    return batch
