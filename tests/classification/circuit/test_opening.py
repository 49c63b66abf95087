"""What opens the circuit, for how long, and what does not."""

import logging
from typing import Any

import pytest

from classification import circuit
from classification.asking import ENGINES
from classification.models import Circuit, Classification
from classification.services import classify, endpoints, record
from tests.classification.circuit.conftest import (
    ASK_LATER,
    WRONG_KEY,
    circuit_row,
    let_the_wait_be_over,
    open_circuit,
    wait_left,
)
from tests.classification.conftest import KEY
from tests.support.engines import Broken
from tests.support.openai_server import (
    OpenAIServer,
    Script,
    answer,
    completion,
    http_error,
    refused,
    truncated,
)


def test_it_opens_after_so_many_failures_in_a_row(server: OpenAIServer) -> None:
    server.default = http_error(500)
    codes = [classify(["Yes"]).attempts[0].code for _ in range(5)]
    assert codes == ["server_error"] * 3 + ["circuit_open"] * 2
    assert len(server.requests) == 6
    row = circuit_row()
    assert (row.state, row.failures, row.last_error, row.wait) == ("open", 3, "server_error", 30)
    assert 25 < wait_left() <= 30


def test_it_says_that_nobody_was_asked(server: OpenAIServer, batch: Any) -> None:
    open_circuit(server)
    row = Classification.objects.get(id=record(batch.pk, classify(["Hindi po"])))
    assert (row.label, row.engine, server.requests) == ("disagree", "rules", [])
    assert row.fallback_reason == row.error == "openai: circuit_open: not asked, after auth"
    assert (row.attempts[0]["model"], row.attempts[0]["code"]) == ("test-model", "circuit_open")


def test_it_stays_undecided_when_the_rules_are_broken_too(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_circuit(server)
    monkeypatch.setitem(ENGINES, "rules", Broken())
    assert classify(["Yes"]).label == "undecided"


def test_an_answer_ends_the_row_of_failures(server: OpenAIServer) -> None:
    for _ in range(3):
        server.next(*[http_error(500)] * 4, answer("agree"))
        assert [classify(["Yes"]).engine for _ in range(3)] == ["rules", "rules", "openai"]
    assert (circuit_row().state, circuit_row().failures) == ("closed", 0)


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
    assert 590 < wait_left() <= 600


def test_a_new_key_is_tried_at_once(server: OpenAIServer, settings: Any) -> None:
    server.next(WRONG_KEY)
    classify(["Yes"])
    settings.OPENAI_API_KEY = "sk-another"
    assert classify(["Yes"]).engine == "openai"


@pytest.mark.parametrize(("asked", "wait"), [("90", 90), ("100000", 600), ("1e400", 600)])
def test_it_opens_for_as_long_as_the_service_asks(server: OpenAIServer, asked: str, wait: int) -> None:
    server.next(http_error(429, retry_after=asked))
    assert [classify(["Yes"]).attempts[0].code for _ in range(2)] == ["rate_limit", "circuit_open"]
    assert wait - 10 < wait_left() <= wait


def test_it_can_be_switched_off(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_BREAKER_FAILURES = 0
    server.default = WRONG_KEY
    assert [classify(["Yes"]).attempts[0].code for _ in range(4)] == ["auth"] * 4
    assert not Circuit.objects.exists()


def test_one_that_is_open_holds_nobody_back_once_it_is_switched_off(
    server: OpenAIServer, settings: Any
) -> None:
    open_circuit(server)
    settings.OPENAI_BREAKER_FAILURES = 0
    assert classify(["Yes"]).engine == "openai"
    assert [circuit.state_of(endpoint) for endpoint in endpoints()] == [{"state": "closed"}]


def test_it_tells_the_log_and_no_secret(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPENAI_BASE_URL = server.url.replace("//", "//user:a-password@")
    server.next(ASK_LATER)
    caplog.set_level(logging.INFO, logger="classification")
    classify(["Yes"])
    let_the_wait_be_over()
    classify(["Yes"])
    told = [(record.levelname, record.getMessage()) for record in caplog.records if "CIRCUIT" in record.msg]
    assert told == [
        ("WARNING", "MODEL CIRCUIT OPEN | Engine: openai | Reason: rate_limit | Next try: in 90 s"),
        ("INFO", "MODEL CIRCUIT CLOSED | Engine: openai | By: an answer"),
    ]
    row = circuit_row()
    assert row.base_url == server.url
    assert KEY not in str(vars(row))
