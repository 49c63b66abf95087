"""Several matters in one conversation."""

import pytest

from classification.engines.base import Matter
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from tests.classification.rules.documents import reads, rule

RULES = Rules(shipped())


@pytest.mark.parametrize(
    ("texts", "matters"),
    [
        (
            ["Yes I can come. Also my payslip is wrong"],
            [("agree", "Yes I can come."), ("neutral", "Also my payslip is wrong")],
        ),
        (
            ["Opo, pupunta po ako", "isa pa, kulang yung sahod ko"],
            [("agree", "Opo, pupunta po ako"), ("neutral", "isa pa, kulang yung sahod ko")],
        ),
        (
            ["Yes. The aircon in our ward leaks"],
            [("agree", "Yes."), ("neutral", "The aircon in our ward leaks")],
        ),
        (
            ["No, sorry", "btw where is my refund from last month"],
            [("disagree", "No,"), ("neutral", "btw where is my refund from last month")],
        ),
    ],
)
def test_another_matter_is_told_after_the_answer(texts: list[str], matters: list[tuple[str, str]]) -> None:
    assert RULES.read(texts).matters == tuple(Matter(*matter) for matter in matters)


@pytest.mark.parametrize(
    "texts",
    [
        ["yes"],
        ["Yes, what time?"],
        ["I can't come. My son has a fever"],
        ["Yes I will come. I finish work at five"],
        ["yes because the bus leaves early"],
        ["what time does it start?"],
        ["hello", "ok po", "salamat"],
        ["xyzzy plugh"],
        ["no", "wait, yes!"],
    ],
)
def test_most_conversations_have_one_matter(texts: list[str]) -> None:
    verdict = RULES.read(texts)
    assert [matter.label for matter in verdict.matters] == [verdict.label]


def test_nothing_written_is_no_matter() -> None:
    assert RULES.read(["", "  "]).matters == ()


def test_the_matters_of_other_categories_follow_by_priority() -> None:
    rules = reads(
        rule("yes", "confirm", "yes", strength="explicit"),
        rule("rude", "complaint", "rude"),
        rule("fire", "emergency", "fire"),
    )
    labels = [matter.label for matter in rules.read(["the guard was rude", "yes", "there is a fire"]).matters]
    assert labels == ["emergency", "confirm", "complaint"]


def test_the_words_are_those_of_the_person() -> None:
    assert RULES.read(["OPO!!! Tuloy  po kami"]).matters[0].text == "OPO!!! Tuloy  po kami"


def test_many_long_matters_are_cut() -> None:
    matters = RULES.read(["yes. " + "also the roof leaks " + "x" * 1_000 + ". "] * 9).matters
    assert len(matters) <= 5
    assert all(len(matter.text) <= 300 for matter in matters)
