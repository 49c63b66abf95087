"""Each fault of the model: the rules decide, the reason is recorded, and nobody gives a verdict that nobody has."""

from typing import Any

import pytest

from classification.asking import ENGINES
from classification.models import Circuit, Classification
from classification.services import classify, record
from tests.support.engines import Broken
from tests.support.openai_server import (
    NAMED,
    OpenAIServer,
    Script,
    answer,
    completion,
    dripping,
    hang_up,
    http_error,
    refused,
    truncated,
)

FAULTS: dict[str, tuple[Script, str, int]] = {  # what the server does, the reason, how many calls it sees
    "slow": (answer("agree", delay=60), "timeout", 2),
    "drip": (dripping(), "timeout", 1),
    "drip in the head": (dripping(in_head=True), "timeout", 1),
    "hang up": (hang_up(), "connection", 2),
    "401": (http_error(401), "auth", 1),
    "403": (http_error(403), "auth", 1),
    "429": (http_error(429), "rate_limit", 2),
    "429, later": (http_error(429, retry_after="60"), "rate_limit", 1),
    "429, soon": (http_error(429, retry_after="0.1"), "rate_limit", 2),
    "500": (http_error(500), "server_error", 2),
    "wrong": (completion("They agree!"), "invalid_answer", 1),
    "refused": (refused(), "refused", 1),
    "truncated": (truncated(), "truncated", 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_rules_decide_and_the_reason_is_recorded(
    server: OpenAIServer, settings: Any, batch: Any, fault: str
) -> None:
    settings.OPENAI_TIMEOUT = 0.3
    settings.OPENAI_DEADLINE = 3
    server.default, code, calls = FAULTS[fault]
    record(batch.pk, classify(["Hindi po"]))
    row = Classification.objects.get()
    assert (row.label, row.engine) == ("disagree", "rules")
    assert row.fallback_reason.startswith(f"openai: {code}: ")
    assert [(one["engine"], one["code"]) for one in row.attempts] == [("openai", code), ("rules", "")]
    assert row.attempts[0]["latency_ms"] < 60_000
    assert len(server.requests) == calls


@pytest.mark.parametrize("fault", FAULTS)
def test_nobody_gives_a_verdict_when_the_rules_are_broken_too(
    server: OpenAIServer, settings: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setitem(ENGINES, "rules", Broken())
    settings.OPENAI_TIMEOUT = 0.3
    settings.OPENAI_DEADLINE = 3
    server.default, code, _ = FAULTS[fault]
    decision = classify(["Yes"])
    assert (decision.label, decision.engine, decision.attempts[0].code) == ("undecided", "", code)


def test_a_500_that_passes_costs_a_second_call_and_no_verdict(server: OpenAIServer) -> None:
    server.next(http_error(500), answer("disagree"))
    assert (classify(["No"]).engine, len(server.requests)) == ("openai", 2)
    assert not Circuit.objects.exists()


def test_the_named_faults_can_be_scripted() -> None:
    assert {"401", "429", "500", "timeout", "truncated", "refused", "garbage", "hang_up", "drip"} | {
        "key_in_error"
    } == set(NAMED)
