"""The golden set, and how well the shipped rules read it."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.golden import Example, golden
from classification.labels import Label

RULES = Rules(shipped())
POLAR = {Label.AGREE, Label.DISAGREE}
ENGLISH = [example for example in golden() if example.lang.split("-")[0] == "en"]
PHILIPPINE = [example for example in golden() if example.lang not in {e.lang for e in ENGLISH}]


def read(examples: list[Example]) -> list[tuple[str, str]]:
    """Label and verdict of each."""
    return [(example.label, RULES.read(example.text.split("\n")).label) for example in examples]


def test_it_holds_each_text_once_with_a_label_that_exists() -> None:
    assert len({example.text for example in golden()}) == len(golden())
    assert {example.label for example in golden()} == {Label.AGREE, Label.DISAGREE, Label.NEUTRAL}
    assert len(golden()) > 2_000
    assert any("\n" in example.text for example in golden())


@pytest.mark.parametrize(("examples", "floor"), [(ENGLISH, 0.955), (PHILIPPINE, 0.97)], ids=["en", "ph"])
def test_the_shipped_rules_read_it_well(examples: list[Example], floor: float) -> None:
    verdicts = read(examples)
    assert sum(label == verdict for label, verdict in verdicts) / len(verdicts) >= floor


def test_they_hardly_ever_take_a_refusal_for_agreement_or_agreement_for_a_refusal() -> None:
    verdicts = read(list(golden()))
    swaps = sum({label, verdict} == POLAR for label, verdict in verdicts) / len(verdicts)
    refusals = [verdict for label, verdict in verdicts if label == Label.DISAGREE]
    assert swaps <= 0.006
    assert refusals.count(Label.AGREE) / len(refusals) <= 0.005


def test_what_they_are_sure_of_is_right_more_often_than_the_rest() -> None:
    sure: list[bool] = []
    unsure: list[bool] = []
    for example in golden():
        verdict = RULES.read(example.text.split("\n"))
        (sure if verdict.sure else unsure).append(verdict.label == example.label)
    assert sum(sure) / len(sure) >= 0.95 > sum(unsure) / len(unsure)
