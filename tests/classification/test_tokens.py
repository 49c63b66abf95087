"""Tokens of a call: recorded, else estimated."""

from typing import Any

import pytest
from django.utils.connection import ConnectionDoesNotExist

from batches.models import Batch
from classification import tokens
from classification.engines.base import Context
from classification.engines.openai_prompt import for_matters
from classification.models import Classification
from classification.rulesets.live import live
from classification.tokens import ANSWER, ENOUGH, Counter

pytestmark = pytest.mark.django_db

MODEL = "some-model"


def recorded(batch: Batch, count: int, **fields: Any) -> None:
    told = {"label": "agree", "engine": "openai", "model": f"{MODEL}-2026-01-01", "latency_ms": 1} | fields
    for _ in range(count):
        Classification.objects.create(batch=batch, **told)


@pytest.fixture(autouse=True)
def _model(settings: Any) -> None:
    settings.OPENAI_MODEL = MODEL


def test_an_estimate_is_a_quarter_of_the_characters_that_are_sent() -> None:
    counter = Counter(live())
    one, longer = counter.call(["Yes"], ""), counter.call(["Yes" + "x" * 400], "")
    assert not counter.recorded
    assert longer.received - one.received == 100
    assert one.received > len(for_matters(Context(live()))) / 4
    assert one.written == ANSWER


def test_the_question_is_sent_as_well() -> None:
    counter = Counter(live())
    assert counter.call(["Yes"], "Will you come?").received > counter.call(["Yes"], "").received


def test_enough_recorded_calls_make_an_average(batch: Batch) -> None:
    recorded(batch, ENOUGH - 1, input_tokens=400, output_tokens=10)
    assert not Counter(live()).recorded
    recorded(batch, 1, input_tokens=400 + ENOUGH, output_tokens=10)
    counter = Counter(live())
    tokens = counter.call(["Yes"], "")
    assert counter.recorded
    assert (tokens.received, tokens.written) == (401, 10)


@pytest.mark.parametrize(
    "fields",
    [{"model": "another-model", "input_tokens": 1}, {"input_tokens": None}, {"input_tokens": 0}],
)
def test_other_models_and_calls_that_were_not_billed_do_not_count(batch: Batch, fields: Any) -> None:
    recorded(batch, ENOUGH, output_tokens=1, **fields)
    assert not Counter(live()).recorded


def test_a_model_that_was_seldom_asked_does_not_have_all_verdicts_read(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LOOKED_AT", ENOUGH + 1, raising=False)
    recorded(batch, ENOUGH, input_tokens=400, output_tokens=10)
    recorded(batch, 1, model="another-model", input_tokens=1)
    assert Counter(live()).recorded
    recorded(batch, 1, model="another-model", input_tokens=1)
    assert not Counter(live()).recorded


def test_they_are_read_from_the_database_that_is_named() -> None:
    with pytest.raises(ConnectionDoesNotExist):
        Counter(live(), "a-replica")
