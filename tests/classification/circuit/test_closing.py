"""What closes it, and whose word counts."""

import pytest

from classification import circuit
from classification.engines.base import EngineError
from classification.models import Circuit
from classification.services import classify, endpoints
from tests.classification.circuit.conftest import circuit_row, let_the_wait_be_over, open_circuit, wait_left
from tests.support.openai_server import OpenAIServer, hang_up, refused


def test_a_good_answer_closes_it(server: OpenAIServer) -> None:
    open_circuit(server)
    let_the_wait_be_over()
    assert [classify(["Yes"]).engine for _ in range(2)] == ["openai"] * 2
    row = circuit_row()
    assert (row.state, row.failures, row.opened_at, row.next_try_at) == ("closed", 0, None, None)
    assert (row.last_error, row.probe) == ("auth", None)


def test_an_odd_answer_closes_it_too(server: OpenAIServer) -> None:
    open_circuit(server)
    let_the_wait_be_over()
    server.next(refused())
    classify(["Yes"])
    assert circuit_row().state == "closed"


def test_a_failure_doubles_the_wait_up_to_ten_minutes(server: OpenAIServer) -> None:
    open_circuit(server)
    opened_at = circuit_row().opened_at
    server.default = hang_up()
    waits = []
    for _ in range(6):
        let_the_wait_be_over()
        classify(["Yes"])
        waits.append(circuit_row().wait)
    assert waits == [60, 120, 240, 480, 600, 600]
    assert (circuit_row().state, circuit_row().opened_at) == ("open", opened_at)


def test_a_worker_that_dies_while_trying_gives_the_turn_to_the_next(server: OpenAIServer) -> None:
    open_circuit(server)
    let_the_wait_be_over()
    dead = circuit._admit(endpoints()[0])  # and never heard of again
    assert dead.probe == circuit_row().probe
    assert 15 < wait_left() <= 20  # OPENAI_DEADLINE and a little
    circuit.forget()
    assert classify(["Yes"]).attempts[0].code == "circuit_open"
    let_the_wait_be_over()
    assert classify(["Yes"]).engine == "openai"
    assert circuit_row().state == "closed"


@pytest.mark.parametrize("fault", [None, "server_error"])
def test_one_who_lost_the_turn_decides_nothing(server: OpenAIServer, fault: str | None) -> None:
    open_circuit(server)
    let_the_wait_be_over()
    late = circuit._admit(endpoints()[0])
    let_the_wait_be_over()
    successor = circuit._admit(endpoints()[0])
    late.ended(EngineError(fault) if fault else None)
    row = circuit_row()
    assert (row.state, row.probe) == ("half_open", successor.probe)


def test_a_call_that_began_before_decides_nothing_either(server: OpenAIServer) -> None:
    early = circuit._admit(endpoints()[0])
    open_circuit(server)
    before = Circuit.objects.values().get()
    for outcome in (None, EngineError("server_error"), EngineError("auth")):
        early.ended(outcome)
    assert Circuit.objects.values().get() == before
