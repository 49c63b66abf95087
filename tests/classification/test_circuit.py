"""The breaker before the model, through the real package, a real server and real rows."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from classification import circuit
from classification.asking import ENGINES
from classification.clock import Now
from classification.engines.base import EngineError
from classification.models import Circuit, Classification
from classification.services import Decision, classify, endpoints, record
from tests.classification.conftest import KEY
from tests.support.engines import Broken
from tests.support.openai_server import (
    OpenAIServer,
    Script,
    answer,
    completion,
    hang_up,
    http_error,
    refused,
    truncated,
)

# Read once more by the package: http_error(500) takes two calls. These take one.
WRONG_KEY, ASK_LATER = http_error(401), http_error(429, retry_after="90")
WORKERS = 8


@pytest.fixture(autouse=True)
def _impatient(settings: Any) -> None:
    settings.OPENAI_BREAKER_FAILURES = 3
    settings.OPENAI_BREAKER_SECONDS = 30


def _row() -> Circuit:
    return Circuit.objects.get()


def _wait_left() -> float:
    """Seconds until the next try, by the database's clock."""
    row = Circuit.objects.annotate(now=Now()).get()
    assert row.next_try_at is not None
    return float((row.next_try_at - row.now).total_seconds())


def _let_the_wait_be_over() -> None:
    Circuit.objects.update(next_try_at=Now() - timedelta(seconds=1))
    circuit.forget()


def _open(server: OpenAIServer) -> None:
    """Open the circuit by one call, with the first wait as after three failures."""
    server.next(WRONG_KEY)
    classify(["Yes"])
    Circuit.objects.update(wait=30)
    server.requests.clear()
    circuit.forget()


def _at_once(work: Callable[[], Any], count: int = WORKERS) -> list[Any]:
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


def _codes(decisions: list[Decision]) -> list[str]:
    return sorted(decision.attempts[0].code for decision in decisions)


# --- opening ----------------------------------------------------------------------------------------------


def test_it_opens_after_so_many_failures_in_a_row(server: OpenAIServer) -> None:
    server.default = http_error(500)
    codes = [classify(["Yes"]).attempts[0].code for _ in range(5)]
    assert codes == ["server_error"] * 3 + ["circuit_open"] * 2
    assert len(server.requests) == 6
    row = _row()
    assert (row.state, row.failures, row.last_error, row.wait) == ("open", 3, "server_error", 30)
    assert 25 < _wait_left() <= 30


def test_it_says_that_nobody_was_asked(server: OpenAIServer, batch: Any) -> None:
    _open(server)
    row = Classification.objects.get(id=record(batch.pk, classify(["Hindi po"])))
    assert (row.label, row.engine, server.requests) == ("disagree", "rules", [])
    assert row.fallback_reason == row.error == "openai: circuit_open: not asked, after auth"
    assert (row.attempts[0]["model"], row.attempts[0]["code"]) == ("test-model", "circuit_open")


def test_it_stays_undecided_when_the_rules_are_broken_too(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open(server)
    monkeypatch.setitem(ENGINES, "rules", Broken())
    assert classify(["Yes"]).label == "undecided"


def test_an_answer_ends_the_row_of_failures(server: OpenAIServer) -> None:
    for _ in range(3):
        server.next(*[http_error(500)] * 4, answer("agree"))
        assert [classify(["Yes"]).engine for _ in range(3)] == ["rules", "rules", "openai"]
    assert (_row().state, _row().failures) == ("closed", 0)


@pytest.mark.parametrize("script", [refused(), truncated(), completion("odd"), http_error(400)])
def test_an_odd_answer_to_one_text_is_no_outage(server: OpenAIServer, script: Script) -> None:
    server.default = script
    for _ in range(5):
        classify(["Yes"])
    assert len(server.requests) == 5
    assert not Circuit.objects.exists()


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_opens_it_at_once_and_for_long(server: OpenAIServer, status: int) -> None:
    server.default = http_error(status)
    assert [classify(["Yes"]).attempts[0].code for _ in range(2)] == ["auth", "circuit_open"]
    assert 590 < _wait_left() <= 600


def test_a_new_key_is_tried_at_once(server: OpenAIServer, settings: Any) -> None:
    server.next(WRONG_KEY)
    classify(["Yes"])
    settings.OPENAI_API_KEY = "sk-another"
    assert classify(["Yes"]).engine == "openai"


@pytest.mark.parametrize(("asked", "wait"), [("90", 90), ("100000", 600), ("1e400", 600)])
def test_it_opens_for_as_long_as_the_service_asks(server: OpenAIServer, asked: str, wait: int) -> None:
    server.next(http_error(429, retry_after=asked))
    assert [classify(["Yes"]).attempts[0].code for _ in range(2)] == ["rate_limit", "circuit_open"]
    assert wait - 10 < _wait_left() <= wait


def test_it_can_be_switched_off(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_BREAKER_FAILURES = 0
    server.default = WRONG_KEY
    assert [classify(["Yes"]).attempts[0].code for _ in range(4)] == ["auth"] * 4
    assert not Circuit.objects.exists()


def test_it_tells_the_log_and_no_secret(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPENAI_BASE_URL = server.url.replace("//", "//user:a-password@")
    server.next(ASK_LATER)
    caplog.set_level(logging.INFO, logger="classification")
    classify(["Yes"])
    _let_the_wait_be_over()
    classify(["Yes"])
    told = [(record.levelname, record.getMessage()) for record in caplog.records if "CIRCUIT" in record.msg]
    assert told == [
        ("WARNING", "MODEL CIRCUIT OPEN | Engine: openai | Reason: rate_limit | Next try: in 90 s"),
        ("INFO", "MODEL CIRCUIT CLOSED | Engine: openai | By: an answer"),
    ]
    row = _row()
    assert row.base_url == server.url
    assert KEY not in str(vars(row))


# --- trying again -----------------------------------------------------------------------------------------


def test_a_good_answer_closes_it(server: OpenAIServer) -> None:
    _open(server)
    _let_the_wait_be_over()
    assert [classify(["Yes"]).engine for _ in range(2)] == ["openai"] * 2
    row = _row()
    assert (row.state, row.failures, row.opened_at, row.next_try_at) == ("closed", 0, None, None)
    assert (row.last_error, row.probe) == ("auth", None)


def test_an_odd_answer_closes_it_too(server: OpenAIServer) -> None:
    _open(server)
    _let_the_wait_be_over()
    server.next(refused())
    classify(["Yes"])
    assert _row().state == "closed"


def test_a_failure_doubles_the_wait_up_to_ten_minutes(server: OpenAIServer) -> None:
    _open(server)
    opened_at = _row().opened_at
    server.default = hang_up()
    waits = []
    for _ in range(6):
        _let_the_wait_be_over()
        classify(["Yes"])
        waits.append(_row().wait)
    assert waits == [60, 120, 240, 480, 600, 600]
    assert (_row().state, _row().opened_at) == ("open", opened_at)


def test_a_worker_that_dies_while_trying_gives_the_turn_to_the_next(server: OpenAIServer) -> None:
    _open(server)
    _let_the_wait_be_over()
    dead = circuit._admit(endpoints()[0])  # and never heard of again
    assert dead.probe == _row().probe
    assert 15 < _wait_left() <= 20  # OPENAI_DEADLINE and a little
    circuit.forget()
    assert classify(["Yes"]).attempts[0].code == "circuit_open"
    _let_the_wait_be_over()
    assert classify(["Yes"]).engine == "openai"
    assert _row().state == "closed"


@pytest.mark.parametrize("fault", [None, "server_error"])
def test_one_who_lost_the_turn_decides_nothing(server: OpenAIServer, fault: str | None) -> None:
    _open(server)
    _let_the_wait_be_over()
    late = circuit._admit(endpoints()[0])
    _let_the_wait_be_over()
    successor = circuit._admit(endpoints()[0])
    late.ended(EngineError(fault) if fault else None)
    row = _row()
    assert (row.state, row.probe) == ("half_open", successor.probe)


def test_a_call_that_began_before_decides_nothing_either(server: OpenAIServer) -> None:
    early = circuit._admit(endpoints()[0])
    _open(server)
    before = Circuit.objects.values().get()
    for outcome in (None, EngineError("server_error"), EngineError("auth")):
        early.ended(outcome)
    assert Circuit.objects.values().get() == before


# --- many workers -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_tries(server: OpenAIServer) -> None:
    _open(server)
    server.default = answer("agree", delay=1)
    for _ in range(3):
        server.requests.clear()
        Circuit.objects.update(state="open", next_try_at=Now(), probe=None)
        circuit.forget()
        decisions = _at_once(lambda: classify(["Yes"]))
        assert _codes(decisions) == ["", *["circuit_open"] * (WORKERS - 1)]
        assert len(server.requests) == 1
        assert _row().state == "closed"


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_takes_the_turn(server: OpenAIServer) -> None:
    """The row alone, without what a process remembers."""
    _open(server)
    [endpoint] = endpoints()
    for _ in range(20):
        Circuit.objects.update(state="open", next_try_at=Now(), probe=None)
        assert sum(_at_once(lambda: circuit._take_turn(endpoint, uuid4()))) == 1


@pytest.mark.django_db(transaction=True)
def test_failures_of_many_workers_are_counted_together(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPENAI_BREAKER_FAILURES = WORKERS
    server.default = hang_up()
    _at_once(lambda: classify(["Yes"]))
    row = _row()
    assert (row.state, row.failures) == ("open", WORKERS)
    assert sum("MODEL CIRCUIT OPEN" in message for message in caplog.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_one_who_fails_and_one_who_succeeds_leave_a_row_that_makes_sense(server: OpenAIServer) -> None:
    _open(server)
    _let_the_wait_be_over()
    [endpoint] = endpoints()
    probe = circuit._admit(endpoint)
    outcomes = iter([EngineError("timeout"), None] * (WORKERS // 2))
    _at_once(lambda: probe.ended(next(outcomes)))
    assert _row().state in ("open", "closed")
    assert _row().probe is None


# --- what it costs ----------------------------------------------------------------------------------------


def test_it_costs_a_busy_worker_one_query_a_second(server: OpenAIServer) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            classify(["Yes"])
    assert [query["sql"].split()[0] for query in queries.captured_queries] == ["SELECT"]


def test_it_costs_the_rules_nothing(server: OpenAIServer, settings: Any) -> None:
    settings.CLASSIFICATION_MODE = "rules"
    with CaptureQueriesContext(connection) as queries:
        classify(["Yes"])
    assert len(queries) == 0


def test_it_costs_nothing_without_a_key(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    with CaptureQueriesContext(connection) as queries:
        classify(["Yes"])
    assert len(queries) == 0


def test_it_stands_in_nobodys_way_when_its_row_cannot_be_read(
    server: OpenAIServer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(broken):
        decision = classify(["Yes"])
    assert (decision.label, decision.engine, len(server.requests)) == ("agree", "openai", 1)
    assert "circuit cannot be read" in caplog.text
