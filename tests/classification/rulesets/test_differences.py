"""What the admin says of a draft beside the live rule set."""

from typing import Any

import pytest

from classification.rulesets.differences import Difference, FieldChange, differences
from tests.classification.rulesets.conftest import small

RULE = {"name": "yes", "category": "agree", "patterns": ["yes", "sure"]}
WORD = {"kind": "variant", "term": "yup", "becomes": "yes"}


def test_equal_ones_do_not_differ() -> None:
    assert differences(small(), small()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rules": []}, Difference("removed", "rule", "yes")),
        (
            {"rules": [RULE, {"name": "zoo", "patterns": ["zebra", "lion"]}]},
            Difference("added", "rule", "zoo", (FieldChange("patterns", (), ("zebra", "lion")),)),
        ),
        (
            {"rules": [RULE | {"patterns": ["sure", "aye"], "strength": "explicit"}]},
            Difference(
                "changed",
                "rule",
                "yes",
                (FieldChange("patterns", ("yes",), ("aye",)), FieldChange("strength", (), ("explicit",))),
            ),
        ),
        (
            {"lexicon": [WORD | {"becomes": "no"}]},
            Difference("changed", "word", "variant yup", (FieldChange("becomes", ("yes",), ("no",)),)),
        ),
        (
            {"lexicon": [WORD, {"kind": "noise", "language": "en", "term": "lol"}]},
            Difference("added", "word", "noise en lol"),
        ),
    ],
)
def test_each_difference_is_told(changes: dict[str, Any], expected: Difference) -> None:
    assert differences(small(), small(**changes)) == [expected]


def test_the_same_lines_in_another_order_are_shown_whole() -> None:
    (found,) = differences(small(), small(rules=[RULE | {"patterns": ["sure", "yes"]}]))
    assert found.fields == (FieldChange("patterns", ("yes", "sure"), ("sure", "yes")),)
