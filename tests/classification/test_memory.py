"""Confirmed texts: which count as equal, and when they decide."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.models import Batch
from classification.memory import text_key
from classification.models import Classification, Correction, Split
from classification.rulesets.live import live
from classification.services import classify, record
from tests.support.openai_server import OpenAIServer

TEXT = "Sige lang po"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Oo, sige!", "oo sige"),
        ("OK  po...", "ok po"),
        ("ＯＫ", "ok"),
        ("o\u200bk\u202e", "ok"),
        ("talaga???", "Talaga?"),
        ("a\nb", "a b"),
    ],
)
def test_texts_that_differ_in_looks_alone_are_equal(one: str, other: str) -> None:
    assert text_key([one], "Tuloy ba?") == text_key([other], "tuloy  ba?")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ok"], ["ok?"]),
        (["ok :)"], ["ok :("]),
        (["ok 👍"], ["ok 👎"]),
        (["hindi", "pwede"], ["hindi pwede"]),
        (["di"], ["hindi"]),
    ],
)
def test_texts_that_may_mean_something_else_are_not(one: list[str], other: list[str]) -> None:
    assert text_key(one, "") != text_key(other, "")


def test_the_question_belongs_to_it() -> None:
    assert text_key(["oo"], "Tuloy ba?") != text_key(["oo"], "Kakanselahin ba?")
    assert text_key(["oo"], "") != text_key(["", "oo"], "oo")


def test_an_empty_text_says_nothing() -> None:
    assert text_key(["", "oo", " "], "") == text_key(["oo"], "")


def test_it_is_a_sha256() -> None:
    key = text_key(["\ud800 oo"], "")
    assert (len(key), int(key, 16) > 0) == (64, True)


# --- when they decide -------------------------------------------------------------------------------------


@pytest.fixture
def remembering(server: OpenAIServer, settings: Any, batch: Batch) -> OpenAIServer:
    settings.CLASSIFICATION_MEMORY = True
    live()  # known, as in any process that is at work
    return server


def say(batch: Batch, reviewer: str, label: str, text: str = TEXT, question: str = "") -> None:
    """A reviewer says what a conversation means."""
    verdict = Classification.objects.create(batch=batch, label="neutral", engine="rules", latency_ms=0)
    Correction.objects.create(
        classification=verdict,
        reviewer=User.objects.get_or_create(username=reviewer)[0],
        text=text,
        question=question,
        text_key=text_key([text], question),
        predicted="neutral",
        corrected=label,
        split=Split.TRAIN,
    )


def test_what_two_reviewers_say_is_remembered(remembering: OpenAIServer, batch: Batch) -> None:
    say(batch, "ana", "disagree")
    say(batch, "ben", "disagree")
    decision = classify(["sige lang PO!"])
    assert (decision.label, decision.engine, decision.review, decision.cost) == (
        "disagree",
        "memory",
        "",
        None,
    )
    assert remembering.requests == []
    row = Classification.objects.get(id=record(batch.pk, decision))
    assert (row.engine, row.trace, row.attempts[0]["label"]) == ("memory", {"reviewers": 2}, "disagree")


@pytest.mark.parametrize(("label", "found"), [("agree", ["agree", "neutral"]), ("disagree", [])])
def test_further_matters_are_those_of_the_rules_where_they_read_it_so_too(
    remembering: OpenAIServer, batch: Batch, label: str, found: list[str]
) -> None:
    text = "Yes. The bridge on our road is closed"
    for reviewer in ("ana", "ben"):
        say(batch, reviewer, label, text=text)
    decision = classify([text])
    assert (decision.label, decision.engine) == (label, "memory")
    assert [matter.label for matter in decision.matters] == found


@pytest.mark.parametrize(
    "said",
    [
        [],
        [("ana", "disagree")],
        [("ana", "disagree"), ("ana", "disagree")],  # one person, twice
        [("ana", "disagree"), ("ben", "disagree"), ("cora", "neutral")],
        [("ana", "disagree"), ("ben", "agree")],
        [("ana", "vip"), ("ben", "vip")],  # no live category
    ],
)
def test_anything_less_is_not(remembering: OpenAIServer, batch: Batch, said: list[tuple[str, str]]) -> None:
    for reviewer, label in said:
        say(batch, reviewer, label)
    assert classify([TEXT]).engine == "openai"


def test_it_remembers_for_the_same_question_alone(remembering: OpenAIServer, batch: Batch) -> None:
    for reviewer in ("ana", "ben"):
        say(batch, reviewer, "disagree", question="Kakanselahin po ba?")
    assert classify([TEXT], question="Tuloy po ba?").engine == "openai"
    assert classify([TEXT], question="kakanselahin po ba?").engine == "memory"


@pytest.mark.parametrize(("length", "engine"), [(80, "memory"), (81, "openai")])
def test_it_remembers_short_texts(remembering: OpenAIServer, batch: Batch, length: int, engine: str) -> None:
    for reviewer in ("ana", "ben"):
        say(batch, reviewer, "disagree", text="x" * length)
    assert classify(["x" * length]).engine == engine


def test_a_share_of_what_is_remembered_is_shown_too(
    remembering: OpenAIServer, settings: Any, batch: Batch
) -> None:
    settings.CLASSIFICATION_REVIEW_SAMPLE = 1
    for reviewer in ("ana", "ben"):
        say(batch, reviewer, "disagree")
    assert classify([TEXT]).review == "sample"


@pytest.mark.parametrize(("switched_on", "queries"), [(True, 1), (False, 0)])
def test_it_takes_one_query_and_none_when_switched_off(
    remembering: OpenAIServer, settings: Any, switched_on: bool, queries: int
) -> None:
    settings.CLASSIFICATION_MEMORY = switched_on
    settings.CLASSIFICATION_MODE = "rules"
    with CaptureQueriesContext(connection) as captured:
        classify([TEXT])
    assert len(captured) == queries
