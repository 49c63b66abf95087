"""Many workers at the same time."""

from typing import Any
from uuid import uuid4

import pytest

from classification import circuit
from classification.clock import Now
from classification.engines.base import EngineError
from classification.models import Circuit
from classification.services import classify, endpoints
from tests.classification.circuit.conftest import (
    WORKERS,
    at_once,
    circuit_row,
    codes,
    let_the_wait_be_over,
    open_circuit,
)
from tests.support.openai_server import OpenAIServer, answer, hang_up


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_tries(server: OpenAIServer) -> None:
    open_circuit(server)
    server.default = answer("agree", delay=1)
    for _ in range(3):
        server.requests.clear()
        Circuit.objects.update(state="open", next_try_at=Now(), probe=None)
        circuit.forget()
        decisions = at_once(lambda: classify(["Yes"]))
        assert codes(decisions) == ["", *["circuit_open"] * (WORKERS - 1)]
        assert len(server.requests) == 1
        assert circuit_row().state == "closed"


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_takes_the_turn(server: OpenAIServer) -> None:
    """The row alone, without what a process remembers."""
    open_circuit(server)
    [endpoint] = endpoints()
    for _ in range(20):
        Circuit.objects.update(state="open", next_try_at=Now(), probe=None)
        assert sum(at_once(lambda: circuit._take_turn(endpoint, uuid4()))) == 1


@pytest.mark.django_db(transaction=True)
def test_failures_of_many_workers_are_counted_together(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPENAI_BREAKER_FAILURES = WORKERS
    server.default = hang_up()
    at_once(lambda: classify(["Yes"]))
    row = circuit_row()
    assert (row.state, row.failures) == ("open", WORKERS)
    assert sum("MODEL CIRCUIT OPEN" in message for message in caplog.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_one_who_fails_and_one_who_succeeds_leave_a_row_that_makes_sense(server: OpenAIServer) -> None:
    open_circuit(server)
    let_the_wait_be_over()
    [endpoint] = endpoints()
    probe = circuit._admit(endpoint)
    outcomes = iter([EngineError("timeout"), None] * (WORKERS // 2))
    at_once(lambda: probe.ended(next(outcomes)))
    assert circuit_row().state in ("open", "closed")
    assert circuit_row().probe is None
