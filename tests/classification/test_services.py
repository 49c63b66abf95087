import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.models import Batch
from classification import services
from classification.asking import ENGINES
from classification.labels import Label
from classification.models import Activation, Classification
from classification.rulesets.live import live
from classification.services import Decision, classify
from tests.classification.conftest import KEY
from tests.support.engines import Broken
from tests.support.openai_server import (
    OpenAIServer,
    Script,
    answer,
    completion,
    http_error,
    raw,
    truncated,
)

WORDS = "Magkita 0917-555-1234 Quezon"
NOT_AN_ADDRESS = "http://host:port"


@pytest.fixture
def openai_alone(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    """The rules are out of order."""
    monkeypatch.setitem(ENGINES, "rules", Broken())
    return server


@pytest.mark.django_db(transaction=True)
def test_it_loads_the_live_rule_set_and_keeps_no_connection() -> None:
    live.cache_clear()
    services.preload()
    assert connection.connection is None
    with CaptureQueriesContext(connection) as queries:
        assert live().rules
    assert not queries.captured_queries


@pytest.mark.django_db
def test_what_cannot_be_loaded_yet_is_told(caplog: pytest.LogCaptureFixture) -> None:
    Activation.objects.all()._raw_delete("default")  # by hand: rows are never deleted here
    live.cache_clear()
    services.preload()
    assert "The live rule set cannot be loaded yet: LookupError" in caplog.text


def test_it_takes_the_models_verdict(server: OpenAIServer) -> None:
    server.next(answer("disagree"))
    decision = classify(["Hindi po"])
    assert (decision.label, decision.engine, decision.model, decision.fallback_reason, decision.error) == (
        Label.DISAGREE,
        "openai",
        "test-model-2026-01-01",
        "",
        "",
    )


def test_it_falls_back_to_the_rules(server: OpenAIServer) -> None:
    server.next(http_error(401, "Incorrect API key", code="invalid_api_key"))
    decision = classify(["Hindi po"])
    assert (decision.label, decision.engine, decision.fallback_reason) == (
        Label.DISAGREE,
        "rules",
        "openai: auth: HTTP 401 scripted invalid_api_key (request req-1)",
    )


def test_it_tells_of_every_engine_that_was_tried(server: OpenAIServer) -> None:
    server.next(truncated())
    first, second = classify(["Yes"]).attempts
    assert (first.engine, first.model, first.code) == ("openai", "test-model", "truncated")
    assert (first.input_tokens, first.output_tokens) == (210, 12)
    assert (second.engine, second.code, second.reason) == ("rules", "", "")


def test_it_counts_the_tokens_of_failed_attempts(server: OpenAIServer) -> None:
    server.next(truncated())
    decision = classify(["Yes"])
    assert (decision.engine, decision.input_tokens, decision.output_tokens) == ("rules", 210, 12)


def test_it_gives_the_deciding_engines_latency(server: OpenAIServer) -> None:
    server.next(completion("no label", delay=0.3))
    decision = classify(["Yes"])
    assert decision.latency_ms == decision.attempts[1].latency_ms < decision.attempts[0].latency_ms


@pytest.mark.django_db
def test_it_uses_the_rules_quietly_when_there_is_no_key(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CLASSIFICATION_MODE = "llm_then_rules"
    decision = classify(["oo"])
    assert (decision.label, decision.fallback_reason, decision.error) == (Label.AGREE, "openai: no_key", "")
    assert caplog.records == []


def test_it_is_undecided_when_no_engine_can_decide(openai_alone: OpenAIServer) -> None:
    openai_alone.next(http_error(400, "No such model"))
    decision = classify(["Yes"])
    assert (decision.label, decision.engine, decision.fallback_reason) == (
        Label.UNDECIDED,
        "",
        "openai: bad_request: HTTP 400 scripted (request req-1); rules: broken: out of order",
    )


def test_it_logs_an_outage_as_an_error(openai_alone: OpenAIServer, caplog: pytest.LogCaptureFixture) -> None:
    openai_alone.next(http_error(400, "No such model"))
    classify(["Yes"])
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.WARNING, logging.ERROR]
    assert "CLASSIFICATION FAILED" in caplog.messages[-1]


def test_it_survives_what_no_engine_foresaw(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_BASE_URL = NOT_AN_ADDRESS
    decision = classify(["oo"])
    assert (decision.label, decision.engine, decision.fallback_reason) == (
        Label.AGREE,
        "rules",
        "openai: unexpected: InvalidURL",
    )


def test_it_logs_where_it_broke_and_nothing_private(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPENAI_BASE_URL = NOT_AN_ADDRESS
    classify(["a private text"])
    (record,) = caplog.records
    logged = logging.Formatter().format(record)
    assert "RuntimeError: InvalidURL" in logged
    assert "openai_call.py" in logged
    assert not any(private in logged for private in ("a private text", KEY, f"{NOT_AN_ADDRESS}'"))


@pytest.mark.parametrize(
    ("engine", "name"), [("openai", "OpenAI"), ("rules", "Rule-based"), ("memory", "Memory"), ("", "None")]
)
def test_it_names_the_method_as_operators_search_it(engine: str, name: str) -> None:
    assert services.method_name(engine) == name


def test_it_sends_the_question_and_a_hash_of_the_sender(
    server: OpenAIServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.proxy)
    monkeypatch.setenv("NO_PROXY", "")
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "http://api.openai.com/v1", f"sk-for-{server.proxy}"
    for sender in ("+639171234567", "+639171234567", "+639170000000"):
        classify(["Oo"], question="Tuloy ba?", sender=sender)
    first, again, other = (request.body["safety_identifier"] for request in server.requests)
    assert server.requests[0].document == {"question": "Tuloy ba?", "texts": ["Oo"]}
    assert (len(first), first == again, first == other) == (64, True, False)
    assert "9171234567" not in str(server.requests[0])


# --- the record -------------------------------------------------------------------------------------------


def test_it_records_a_decision(server: OpenAIServer, batch: Batch) -> None:
    server.next(truncated())
    decision = classify(["Hindi po"])
    services.record(batch.pk, decision)
    row = Classification.objects.get(batch=batch)
    assert (row.label, row.engine, row.confidence, row.latency_ms) == (
        "disagree",
        "rules",
        decision.confidence,
        decision.latency_ms,
    )
    assert (row.input_tokens, row.output_tokens, row.trace) == (210, 12, decision.trace)
    assert row.error == row.fallback_reason == decision.attempts[0].reason
    assert [(attempt["engine"], attempt["code"]) for attempt in row.attempts] == [
        ("openai", "truncated"),
        ("rules", ""),
    ]


def test_it_records_who_else_was_heard_and_what_was_asked(server: OpenAIServer, batch: Batch) -> None:
    server.next(answer("agree", about="sige"))
    services.record(batch.pk, classify(["Opo sige"], question="Tuloy ba?"))
    row = Classification.objects.get(batch=batch)
    assert (row.engine, row.other_engine, row.other_label, row.review) == ("openai", "rules", "agree", "")
    assert (row.question, row.matters) == ("Tuloy ba?", [{"label": "agree", "text": "sige"}])
    assert [attempt["label"] for attempt in row.attempts] == ["agree", "agree"]


def test_it_records_that_nothing_was_decided(batch: Batch) -> None:
    services.record(batch.pk, Decision(Label.UNDECIDED, fallback_reason="openai: no_key"))
    row = Classification.objects.get(batch=batch)
    assert (row.label, row.engine, row.fallback_reason) == ("undecided", "", "openai: no_key")


def test_it_takes_one_statement_to_record(batch: Batch) -> None:
    live()  # known, as in any process that is at work
    with CaptureQueriesContext(connection) as queries:
        services.record(batch.pk, classify(["oo"]))
    assert [query["sql"].split()[0] for query in queries.captured_queries] == ["INSERT"]


def test_it_records_what_an_odd_text_and_an_odd_server_leave(server: OpenAIServer, batch: Batch) -> None:
    server.next(http_error(400, "a\x00b\ud800", code="a\x00b\ud800"))
    services.record(batch.pk, classify(["ok\x00 \ud800 po"]))
    row = Classification.objects.get(batch=batch)
    assert row.error == "openai: bad_request: HTTP 400 scripted (request req-1)"


@pytest.mark.parametrize(
    "script",
    [
        http_error(400, f"Cannot read: {WORDS}", code=WORDS, param=WORDS),
        http_error(500, WORDS, code=WORDS),
        raw(f'{{"choices": "{WORDS}"}}'),
        raw(WORDS),
        completion(WORDS),
        completion(refusal=f"I will not judge {WORDS}"),
        completion(WORDS, finish_reason="length"),
        completion(WORDS, finish_reason="content_filter"),
    ],
)
def test_it_keeps_none_of_the_words_that_a_server_quotes(
    server: OpenAIServer, batch: Batch, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    server.next(script, script)
    row = Classification.objects.get(id=services.record(batch.pk, classify([WORDS])))
    kept = json.dumps([row.error, row.fallback_reason, row.attempts])
    assert row.attempts[0]["code"] != ""
    assert not any(word in kept + caplog.text for word in WORDS.split())
