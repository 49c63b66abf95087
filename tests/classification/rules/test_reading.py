"""What the shipped rules make of what people answer. Every text was written for these tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.rules.answers import (
    ENGLISH_NEUTRAL,
    ENGLISH_NO,
    ENGLISH_YES,
    FILIPINO_NEUTRAL,
    FILIPINO_NO,
    FILIPINO_YES,
)

RULES = Rules(shipped())


def _cases(label: Label, *lists: str) -> list[tuple[str, Label]]:
    return [(line, label) for text in lists for line in text.strip().split("\n")]


SINGLE = [
    *_cases(Label.AGREE, ENGLISH_YES, FILIPINO_YES),
    *_cases(Label.DISAGREE, ENGLISH_NO, FILIPINO_NO),
    *_cases(Label.NEUTRAL, ENGLISH_NEUTRAL, FILIPINO_NEUTRAL),
]
BURSTS = [
    (["Yes", "I can help", "See you"], Label.AGREE),
    (["hello", "what time?", "ok"], Label.AGREE),
    (["I can't come", "ok"], Label.DISAGREE),
    (["hindi ako pwede", "sige po"], Label.DISAGREE),
    (["hindi", "👍"], Label.DISAGREE),
    (["I'm busy", "ok"], Label.DISAGREE),
    (["yes", "ay hindi pala"], Label.DISAGREE),
    (["oo", "teka hindi pala ako pwede"], Label.DISAGREE),
    (["yes", "wait no"], Label.DISAGREE),
    (["no", "wait, yes!"], Label.AGREE),
    (["no", "yes"], Label.AGREE),
    (["maybe", "ok"], Label.NEUTRAL),
    (["not sure", "yes I will come"], Label.AGREE),
    (["yes", "hindi pa pala sigurado"], Label.NEUTRAL),
    (["oo", "magkano po?"], Label.AGREE),
    (["oo\nay hindi pala"], Label.DISAGREE),
]
NOTHING = [[], [""], ["   ", "\n\n"], ["\x00\u202e"], ["?!?"], ["😀"], ["xyzzy plugh"]]


@pytest.mark.parametrize(("text", "label"), SINGLE)
def test_it_reads_a_text(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(("texts", "label"), BURSTS)
def test_it_reads_a_burst(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label


@pytest.mark.parametrize("texts", NOTHING)
def test_it_is_neutral_and_unsure_where_it_knows_no_word(texts: list[str]) -> None:
    verdict = RULES.read(texts)
    assert (verdict.label, verdict.confidence) == (Label.NEUTRAL, 0.3)


@pytest.mark.parametrize(
    "text", ["yesterday", "I know", "another", "nothing", "notebook", "broken", "booking"]
)
def test_it_never_reads_a_part_of_a_word_as_agreement(text: str) -> None:
    assert RULES.read([text]).label != Label.AGREE


def test_it_tells_which_words_and_rule_decided() -> None:
    assert RULES.read(["Hello. That's not ok"]).trace["hits"] == [
        {
            "clause": "that is not ok",
            "words": "that is not ok",
            "rule": "en.plain-not",
            "strength": "explicit",
            "label": "disagree",
            "negated": False,
        }
    ]


def test_it_tells_that_a_negator_turned_the_meaning() -> None:
    hit = RULES.read(["I never said sure"]).trace["hits"][-1]
    assert (hit["words"], hit["label"], hit["negated"]) == ("sure", "disagree", True)


def test_it_keeps_a_bounded_trace() -> None:
    assert len(RULES.read(["yes. " * 500]).trace["hits"]) == 20


def test_it_reads_the_end_of_an_endless_conversation() -> None:
    assert RULES.read(["la " * 100_000 + "no", "wait, yes"]).label == Label.AGREE


@given(st.lists(st.text(max_size=200), max_size=5))
def test_it_has_a_verdict_on_anything(texts: list[str]) -> None:
    verdict = RULES.read(texts)
    assert verdict.label in (Label.AGREE, Label.DISAGREE, Label.NEUTRAL)
    assert verdict == RULES.read(texts)
