"""The measures, by hand-counted examples."""

import pytest

from classification.evaluation.metrics import LabelScore, score
from classification.labels import Meaning

MEANINGS = {
    "agree": Meaning.AGREE,
    "book": Meaning.AGREE,
    "disagree": Meaning.DISAGREE,
    "neutral": Meaning.NEUTRAL,
}


def test_all_right() -> None:
    labels = ["agree", "disagree", "neutral"]
    found = score(labels, labels, MEANINGS)
    assert (found.rows, found.accuracy, found.macro_f1, found.swaps) == (3, 1.0, 1.0, 0.0)
    assert (found.refusals_as_agree, found.agree_precision) == (0.0, 1.0)


def test_counted_by_hand() -> None:
    truth = ["agree", "agree", "disagree", "disagree", "neutral"]
    predicted = ["agree", "disagree", "agree", "disagree", "agree"]
    found = score(truth, predicted, MEANINGS)
    assert found.accuracy == pytest.approx(2 / 5)
    assert found.swaps == pytest.approx(2 / 5)
    assert found.refusals_as_agree == pytest.approx(1 / 2)
    assert found.agree_precision == pytest.approx(1 / 3)
    assert found.labels["agree"] == LabelScore(1 / 3, 1 / 2, 2 / 5, 2)
    assert found.labels["neutral"] == LabelScore(0.0, 0.0, 0.0, 1)
    assert found.macro_f1 == pytest.approx((2 / 5 + 1 / 2 + 0) / 3)
    assert found.confusion["disagree"] == {"agree": 1, "disagree": 1}


def test_macro_f1_knows_only_the_labels_of_the_truth() -> None:
    found = score(["agree", "agree"], ["agree", "neutral"], MEANINGS)
    assert set(found.labels) == {"agree"}
    assert found.macro_f1 == pytest.approx(2 / 3)


def test_two_categories_that_count_as_agreement_are_no_swap() -> None:
    found = score(["agree", "book"], ["book", "agree"], MEANINGS)
    assert (found.accuracy, found.swaps, found.agree_precision) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("label", ["undecided", "a category that is gone"])
def test_a_label_that_nobody_knows_counts_as_neutral(label: str) -> None:
    found = score(["disagree"], [label], MEANINGS)
    assert (found.accuracy, found.swaps, found.refusals_as_agree) == (0.0, 0.0, 0.0)


def test_a_share_of_nothing_is_not_told() -> None:
    found = score(["neutral"], ["neutral"], MEANINGS)
    assert (found.refusals_as_agree, found.agree_precision) == (None, None)


@pytest.mark.parametrize(
    ("truth", "predicted", "problem"),
    [([], [], "nothing to score"), (["agree"], [], "shorter")],
)
def test_nothing_or_too_little_is_refused(truth: list[str], predicted: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        score(truth, predicted, MEANINGS)
