"""Who is asked in each mode, and whose verdict decides."""

import logging
from typing import Any

import pytest

from classification.asking import ENGINES
from classification.modes import MODES, engines
from classification.services import classify
from tests.support.engines import Broken
from tests.support.openai_server import OpenAIServer, answer, http_error

SURE, NOT_SURE = "Opo, sige po", "zxqv"  # for the rules
DOWN = http_error(400)


@pytest.mark.parametrize(
    ("mode", "text", "script", "label", "engine", "other", "asked"),
    [
        ("rules", SURE, answer("neutral"), "agree", "rules", ("", ""), ["rules"]),
        ("rules", NOT_SURE, answer("agree"), "neutral", "rules", ("", ""), ["rules"]),
        (
            "llm_then_rules",
            SURE,
            answer("neutral"),
            "neutral",
            "openai",
            ("rules", "agree"),
            ["openai", "rules"],
        ),
        ("llm_then_rules", SURE, DOWN, "agree", "rules", ("", ""), ["openai", "rules"]),
        ("rules_then_llm", SURE, answer("neutral"), "agree", "rules", ("", ""), ["rules"]),
        (
            "rules_then_llm",
            NOT_SURE,
            answer("agree"),
            "agree",
            "openai",
            ("rules", "neutral"),
            ["rules", "openai"],
        ),
        ("rules_then_llm", NOT_SURE, DOWN, "neutral", "rules", ("", ""), ["rules", "openai"]),
        ("shadow", SURE, answer("neutral"), "agree", "rules", ("openai", "neutral"), ["rules", "openai"]),
        ("shadow", NOT_SURE, answer("agree"), "neutral", "rules", ("openai", "agree"), ["rules", "openai"]),
        ("shadow", SURE, DOWN, "agree", "rules", ("", ""), ["rules", "openai"]),
    ],
)
def test_it_asks_and_decides(
    server: OpenAIServer,
    settings: Any,
    mode: str,
    text: str,
    script: Any,
    label: str,
    engine: str,
    other: tuple[str, str],
    asked: list[str],
) -> None:
    settings.CLASSIFICATION_MODE = mode
    server.default = script
    decision = classify([text])
    assert (decision.label, decision.engine) == (label, engine)
    assert (decision.other_engine, decision.other_label) == other
    assert [attempt.engine for attempt in decision.attempts] == asked
    assert len(server.requests) == asked.count("openai")


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("llm_then_rules", "openai: bad_request"),
        ("rules_then_llm", "openai: bad_request"),
        ("shadow", ""),  # it was not to decide
    ],
)
def test_it_tells_why_the_model_did_not_decide(
    server: OpenAIServer, settings: Any, mode: str, reason: str
) -> None:
    settings.CLASSIFICATION_MODE = mode
    server.default = DOWN
    decision = classify([NOT_SURE])
    assert decision.fallback_reason[: len(reason) or None] == reason
    assert decision.error.startswith("openai: bad_request")


@pytest.mark.django_db
@pytest.mark.parametrize("mode", MODES)
def test_rules_decide_without_a_key(settings: Any, mode: str) -> None:
    settings.CLASSIFICATION_MODE = mode
    decision = classify([SURE])
    assert (decision.label, decision.engine, decision.error) == ("agree", "rules", "")


@pytest.mark.parametrize("mode", ["rules", "shadow"])
def test_the_model_never_decides_where_rules_do(
    server: OpenAIServer, settings: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setitem(ENGINES, "rules", Broken())
    settings.CLASSIFICATION_MODE = mode
    assert classify([SURE]).label == "undecided"


@pytest.mark.parametrize("mode", ["llm_then_rules", "rules_then_llm"])
def test_the_model_decides_when_the_rules_break(
    server: OpenAIServer, settings: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setitem(ENGINES, "rules", Broken())
    settings.CLASSIFICATION_MODE = mode
    decision = classify([SURE])
    assert (decision.label, decision.engine, decision.other_engine) == ("agree", "openai", "")


@pytest.mark.parametrize(
    ("said", "lines"),
    [("agree", []), ("neutral", ["CLASSIFICATION SHADOW | Rules: agree | Model: neutral"])],
)
def test_shadow_logs_a_difference_in_one_line(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture, said: str, lines: list[str]
) -> None:
    settings.CLASSIFICATION_MODE = "shadow"
    server.next(answer(said))
    with caplog.at_level(logging.INFO, "classification"):
        classify([SURE])
    assert [message for message in caplog.messages if "SHADOW" in message] == lines


@pytest.mark.parametrize(
    ("mode", "named"),
    [("rules", ("rules",)), *((mode, ("openai", "rules")) for mode in MODES if mode != "rules")],
)
def test_it_names_the_engines_of_a_mode(mode: str, named: tuple[str, ...]) -> None:
    assert engines(mode) == named
