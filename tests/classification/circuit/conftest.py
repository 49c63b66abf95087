"""What the tests of the circuit breaker share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from classification import circuit
from classification.clock import Now
from classification.models import Circuit
from classification.services import Decision, classify
from tests.support.openai_server import OpenAIServer, http_error

# Read once more by the package: http_error(500) takes two calls. These take one.
WRONG_KEY, ASK_LATER = http_error(401), http_error(429, retry_after="90")
WORKERS = 8


@pytest.fixture(autouse=True)
def _impatient(settings: Any) -> None:
    settings.OPENAI_BREAKER_FAILURES = 3
    settings.OPENAI_BREAKER_SECONDS = 30


def circuit_row() -> Circuit:
    return Circuit.objects.get()


def wait_left() -> float:
    """Seconds until the next try, by the database's clock."""
    row = Circuit.objects.annotate(now=Now()).get()
    assert row.next_try_at is not None
    return float((row.next_try_at - row.now).total_seconds())


def let_the_wait_be_over() -> None:
    Circuit.objects.update(next_try_at=Now() - timedelta(seconds=1))
    circuit.forget()


def open_circuit(server: OpenAIServer) -> None:
    """Open the circuit by one call, with the first wait as after three failures."""
    server.next(WRONG_KEY)
    classify(["Yes"])
    Circuit.objects.update(wait=30)
    server.requests.clear()
    circuit.forget()


def at_once(work: Callable[[], Any], count: int = WORKERS) -> list[Any]:
    """Run `work` in so many threads at the same time, each with a database connection of its own."""
    barrier = Barrier(count)

    def one(_: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def codes(decisions: list[Decision]) -> list[str]:
    return sorted(decision.attempts[0].code for decision in decisions)
