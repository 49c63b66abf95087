"""What the fuzzing tests share: a channel that outlives the examples, and a count of all that was posted."""

from collections.abc import Callable, Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from batches.views import channel_of
from tests.fuzz.gateway import answered, deliver, posted
from tests.fuzz.messages import NUMBERS, written
from tests.properties.rows import check_batches, check_messages, read


@pytest.fixture(autouse=True)
def _channel(db: None) -> Iterator[None]:
    channel_of.cache_clear()
    channel_of("default")
    yield
    channel_of.cache_clear()


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """As with Django's own test client: a request's end leaves the test's transaction alone."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _counted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """What this test posted, for the summary: with its report, for it may run in another process than that."""
    before = posted.copy(), answered.copy()
    yield
    record_property("posted", dict(posted - before[0]))
    record_property("answered", dict(answered - before[1]))


@pytest.fixture
def unharmed(db: None) -> Iterator[None]:
    """The database is as it should be afterwards, and takes a good message."""
    yield
    good = {"message": "Yes", "number": NUMBERS[0], "guid": "last"}
    assert deliver(written(good)).document["processed"] == 1
    rows = read()
    check_messages(rows)
    check_batches(rows)
