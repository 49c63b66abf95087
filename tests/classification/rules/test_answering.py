"""In long talk a yes or a no is taken for talk; an answer is one however long. Texts are this test's own."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.rules.documents import clinic, rule

RULES = Rules(shipped())
TALK = [
    "do bring the long ladder from the church, last time we had none and climbed on crates like goats",
    "everybody says the bridge is not fit for carabaos, mud everywhere, frogs sing, the mayor sleeps through storms",
]


@pytest.mark.parametrize("text", TALK)
def test_talk_answers_nothing_and_is_told_as_such(text: str) -> None:
    verdict = RULES.read([text])
    assert (verdict.label, verdict.sure) == (Label.NEUTRAL, False)
    assert verdict.trace["talk"] == Label.DISAGREE


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["yes"], Label.AGREE),
        (["No, my uncle told the priest that his radio is broken and their parrot sings"], Label.DISAGREE),
        (["my uncle is visiting with their parrot", "wait, he went home. so yes I can come"], Label.AGREE),
        (["Sorry doc, the road to our barangay is flooded since Monday so we cannot come"], Label.DISAGREE),
    ],
)
def test_an_answer_is_one_in_a_long_text(texts: list[str], label: Label) -> None:
    verdict = RULES.read(texts)
    assert verdict.label == label
    assert "talk" not in verdict.trace


def test_what_is_neither_yes_nor_no_counts_wherever_it_is_told() -> None:
    rules = Rules(clinic(rule("fire", "emergency", "on fire")))
    text = "the goat of our neighbor ate her curtains and then some grandmother cried, his kitchen is on fire"
    assert rules.read([text]).label == "emergency"
