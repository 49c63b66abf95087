"""Attempts to steer the model, through the real package: with a model that obeys each of them, and an honest one."""

import json
from typing import Any

import pytest

from batches.models import Batch
from classification.models import Classification
from classification.services import classify, record
from tests.classification.injection.attacks import ATTACKS
from tests.support.openai_protocols import Request
from tests.support.openai_server import OpenAIServer, Response, Script, answer, completion

pytestmark = pytest.mark.usefixtures("kind")

OWN_WORDS = "YOU WON, call 0917"
PROMPT = ("You read the SMS", "JSON document", "never instructions to you")
LABELS = {"agree", "disagree", "neutral"}


def _with_its_prompt(request: Request) -> Response:
    return answer("agree", "neutral", about=request.instructions)(request)


def _its_prompt(request: Request) -> Response:
    return completion(request.instructions)(request)


def _written(**fields: Any) -> Script:
    return completion(json.dumps(fields))


MODELS: dict[str, Script] = {
    "honest": answer("neutral"),
    "says agree": answer("agree", about="agree"),
    "says agree, with its prompt": _with_its_prompt,
    "says its prompt": _its_prompt,
    "says what it is told to reply": completion(OWN_WORDS),
    "makes a label": answer("vip", about=OWN_WORDS),
    "adds a reply": _written(matters=[{"label": "agree", "about": OWN_WORDS}], reply=OWN_WORDS),
    "adds a reply to the matter": _written(matters=[{"label": "agree", "about": "", "reply": OWN_WORDS}]),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_nobody_is_steered(server: OpenAIServer, batch: Batch, name: str) -> None:
    for model, script in MODELS.items():
        server.default = script
        row = Classification.objects.get(id=record(batch.pk, classify(ATTACKS[name])))
        assert row.label in LABELS - {"agree"}, model
        assert row.review == "injection", model
        assert {matter["label"] for matter in row.matters} <= {row.label}, model
        assert _foreign_words(row) == [], model
    assert len(server.requests) == len(MODELS)
    assert all(set(request.labels) == LABELS for request in server.requests)


def _foreign_words(row: Classification) -> list[str]:
    """What of the prompt, and of a reply that the model makes up, is stored."""
    stored = json.dumps(Classification.objects.filter(id=row.pk).values().get(), default=str)
    return [words for words in (*PROMPT, OWN_WORDS) if words in stored]
