"""Categories of an operator's own, beside the shipped ones. Every text here was written for this test."""

import pytest

from classification.engines.rules.checking import check_rule
from classification.engines.rules.document import CategoryEntry, RuleEntry, Strength
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.rules.documents import rule

PAYROLL = CategoryEntry(slug="payroll", name="Payroll", meaning="Something about pay.", priority=50)
EMERGENCY = CategoryEntry(slug="emergency", name="Emergency", meaning="Somebody is in danger.", priority=1)
PAY = rule("pay", "payroll", "payslip|salary|sweldo", should_match=["my payslip is wrong"])
FIRE = rule("fire", "emergency", "fire|sunog")


def _with(*rules: RuleEntry) -> Rules:
    document = shipped()
    categories = (*document.categories, PAYROLL, EMERGENCY)
    return Rules(document.model_copy(update={"categories": categories, "rules": (*document.rules, *rules)}))


RULES = _with(PAY, FIRE)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Yes I can come. Also my payslip is wrong", [Label.AGREE, "payroll"]),
        ("Yes. My payslip is missing", [Label.AGREE, "payroll"]),
        ("My payslip is wrong", ["payroll"]),
        ("wala pa yung sweldo ko", ["payroll"]),
        ("Sorry I cannot come, and my salary is late", [Label.DISAGREE, "payroll"]),
        ("Yes I can come. Also there is a fire here", ["emergency", Label.AGREE]),
        ("Yes I can come. There is a fire here", ["emergency", Label.AGREE]),
        ("Also there is a fire here", ["emergency"]),
        ("my payslip is wrong. also may sunog dito", ["emergency", "payroll"]),
        ("there was never a fire", [Label.NEUTRAL]),
        ("is there a fire?", [Label.NEUTRAL]),
        ("my friend refused", [Label.NEUTRAL]),
    ],
)
def test_they_are_seen_where_yes_and_no_are_not_and_replied_to_by_priority(
    text: str, labels: list[str]
) -> None:
    verdict = RULES.read([text])
    assert [matter.label for matter in verdict.matters] == labels
    assert verdict.label == labels[0]


def test_a_rule_without_category_and_language_hides_words_from_all() -> None:
    drill = rule("drill", "", "fire drill", strength=Strength.PROTECTED)
    assert _with(FIRE, drill).read(["fire drill at nine"]).label == Label.NEUTRAL
    english = drill.model_copy(update={"language": "en"})
    assert _with(FIRE, english).read(["fire drill at nine"]).label == "emergency"


def test_the_longest_of_their_patterns_wins() -> None:
    late = rule("late", "payroll", "my salary is late")
    hits = _with(PAY, late).read(["my salary is late"]).trace["hits"]
    assert [hit["rule"] for hit in hits] == ["late"]


def test_a_rule_of_theirs_fits_what_it_says_and_a_miss_names_what_was_found_instead() -> None:
    document = shipped().model_copy(update={"categories": (*shipped().categories, PAYROLL)})
    assert check_rule(PAY, document) == []
    guess = PAY.model_copy(update={"strength": Strength.SOFT})
    assert check_rule(guess, document) == ["should match: my payslip is wrong (found: en.ignore)"]
