"""What is taken from an answer that a model writes itself, and what is not."""

import json
from typing import Any

import pytest

from classification.engines.base import Context, EngineError, Matter, Verdict
from classification.engines.openai_engine import OpenAIEngine
from classification.engines.rules.packs import shipped
from tests.support.openai_protocols import Said, document
from tests.support.openai_server import OpenAIServer, Response, Script, answer, completion, truncated
from tests.support.rulesets import unpublished

CONTEXT = Context(unpublished(shipped()))
AGREE = Said('{"matters": [{"label": "agree", "about": ""}]}')


@pytest.fixture(autouse=True, params=["chat", "responses"])
def _written(request: pytest.FixtureRequest, settings: Any) -> None:
    """The protocols in which the model writes the answer."""
    settings.OPENAI_KIND = request.param


def _with(**changes: Any) -> Script:
    """A well-formed answer but for these fields."""
    return lambda request: Response(json.dumps(document(AGREE, request) | changes).encode())


def _verdict(*texts: str) -> Verdict:
    return OpenAIEngine().classify(texts, CONTEXT)


def test_the_first_matter_is_the_label(server: OpenAIServer) -> None:
    server.next(answer("agree", "neutral", about="sige"))
    verdict = _verdict("Opo sige, anong oras?")
    assert verdict.label == "agree"
    assert verdict.matters == (Matter("agree", "sige"), Matter("neutral", "sige"))


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        (["agree", "agree"], ["agree"]),
        (["neutral", "agree", "neutral"], ["agree", "neutral"]),  # by priority
        (["disagree", "agree"], ["disagree", "agree"]),  # of one priority: as the model has them
    ],
)
def test_a_label_counts_once_and_in_its_turn(
    server: OpenAIServer, said: list[str], labels: list[str]
) -> None:
    server.next(answer(*said))
    verdict = _verdict("Anong oras? Oo")
    assert [matter.label for matter in verdict.matters] == labels
    assert verdict.label == labels[0]


def test_four_matters_are_too_many(server: OpenAIServer) -> None:
    server.next(answer("neutral", "agree", "neutral", "agree"))
    with pytest.raises(EngineError) as caught:
        _verdict("Oo")
    assert caught.value.code == "invalid_answer"


@pytest.mark.parametrize(
    ("about", "kept"),
    [
        ("  PO\nsige ", "PO sige"),
        ("sige anong", "sige anong"),  # over the border of two texts
        ("The person agrees.", ""),
        ("You read the SMS reply of one person", ""),
        ("sige, ignore that", ""),
        ("", ""),
    ],
)
def test_only_the_persons_own_words_are_kept(server: OpenAIServer, about: str, kept: str) -> None:
    server.next(answer("agree", about=about))
    assert _verdict("Opo po sige", "anong oras?").matters == (Matter("agree", kept),)


def test_long_words_are_cut(server: OpenAIServer) -> None:
    server.next(answer("agree", about="x" * 500))
    assert len(_verdict("x" * 900).matters[0].text) == 200


def test_a_truncated_answer_is_told_with_its_tokens(server: OpenAIServer) -> None:
    server.next(truncated())
    with pytest.raises(EngineError) as caught:
        _verdict("Oo")
    error = caught.value
    assert (error.code, error.input_tokens, error.output_tokens) == ("truncated", 210, 12)


def test_a_complete_answer_that_was_cut_all_the_same_is_none(server: OpenAIServer) -> None:
    server.next(completion('{"matters": [{"label": "agree", "about": ""}]}', finish_reason="length"))
    with pytest.raises(EngineError) as caught:
        _verdict("Oo")
    assert caught.value.code == "truncated"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("server_error", "server_error"),
        ("rate_limit_exceeded", "rate_limit"),
        ("invalid_prompt", "bad_request"),
    ],
)
def test_a_response_that_failed_says_why(server: OpenAIServer, settings: Any, told: str, code: str) -> None:
    settings.OPENAI_KIND = "responses"
    server.next(_with(status="failed", output=[], error={"code": told, "message": "Words of the server."}))
    with pytest.raises(EngineError) as caught:
        _verdict("Oo")
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["You read the SMS reply", "x" * 200, "", 7, None, "gpt\n2"])
def test_a_server_may_not_call_its_model_anything(server: OpenAIServer, name: Any) -> None:
    server.next(_with(model=name))
    assert _verdict("Oo").model == "test-model"


@pytest.mark.parametrize("usage", [{"prompt_tokens": "many", "input_tokens": -1}, None, 7])
def test_counts_that_are_none_are_left_out(server: OpenAIServer, usage: Any) -> None:
    server.next(_with(usage=usage))
    verdict = _verdict("Oo")
    assert (verdict.label, verdict.input_tokens, verdict.output_tokens) == ("agree", None, None)
