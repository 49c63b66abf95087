"""What the fuzzing tests share: a channel that outlives the examples, and a count of all that was posted."""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from batches.views import channel_of
from tests.fuzz.gateway import answered, posted


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if posted:
        answers = ", ".join(f"{count:,} answered {status}" for status, count in sorted(answered.items()))
        terminalreporter.section("fuzzing")
        for name, count in posted.items():
            terminalreporter.line(f"{count:>7,} {name}")
        terminalreporter.line(f"{posted.total():>7,} inputs in all: {answers}")
