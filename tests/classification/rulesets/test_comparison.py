"""A rule set beside another one, by the texts whose meaning is known."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from batches.models import Batch
from classification.engines.rules.document import Document
from classification.engines.rules.packs import shipped
from classification.evaluation import comparison
from classification.evaluation.comparison import GOLDEN, Row, compare
from classification.golden import Example
from tests.classification.rulesets.conftest import correction, small

pytestmark = pytest.mark.django_db

YES = {"name": "yes", "category": "agree", "patterns": ["yes", "sure"]}
NO = {"name": "no", "category": "disagree", "patterns": ["never"]}
PAYROLL = {"slug": "payroll", "name": "Payroll", "meaning": "Asks about pay."}


@pytest.fixture(autouse=True)
def _examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A golden set of five texts."""
    rows = [
        ("yes", "agree"),
        ("sure", "agree"),
        ("never", "disagree"),
        ("my pay is late", "neutral"),
        ("zebra", "animal"),
    ]
    examples = [Example(text, label, "en", "tests") for text, label in rows]
    monkeypatch.setattr(comparison, "golden", lambda: examples)
    comparison._golden_labels.cache_clear()
    yield
    comparison._golden_labels.cache_clear()


def test_it_scores_both_where_both_know_the_label() -> None:
    (found,) = compare(small(), small(rules=[YES, NO]))
    assert (found.source, found.before.rows, found.after.rows) == (GOLDEN, 4, 4)
    assert found.before.accuracy == pytest.approx(3 / 4)
    assert found.after.accuracy == 1.0
    assert found.changed == (Row("never", "disagree", "neutral", "disagree"),)
    assert found.changed[0].better
    assert found.fallen == []


def test_what_is_lower_has_fallen_by_however_little() -> None:
    (found,) = compare(small(rules=[YES, NO]), small(rules=[YES | {"patterns": ["yes"]}, NO]))
    assert found.fallen == [f"macro-F1 on the {GOLDEN}"]
    (found,) = compare(small(rules=[YES, NO]), small(rules=[YES | {"patterns": ["yes", "sure", "never"]}]))
    assert found.fallen == [f"precision of agreement on the {GOLDEN}", f"macro-F1 on the {GOLDEN}"]
    assert found.changed[0].worse


def test_one_that_agrees_to_nothing_has_no_worse_precision() -> None:
    (found,) = compare(small(rules=[YES, NO]), small(rules=[NO]))
    assert found.fallen == [f"macro-F1 on the {GOLDEN}"]


def test_calling_a_refusal_an_agreement_makes_nothing_better() -> None:
    categories = [
        one.model_dump() | ({"counts_as": "agree"} if one.slug == "disagree" else {})
        for one in small().categories
    ]
    both = YES | {"patterns": ["yes", "sure", "never"]}
    (found,) = compare(small(rules=[YES]), small(rules=[both], categories=categories))
    assert f"precision of agreement on the {GOLDEN}" in found.fallen


def with_payroll(*patterns: str) -> Document:
    """With a category of the operator's own, read by these patterns."""
    categories = [*(one.model_dump() for one in small().categories), PAYROLL]
    own = {"name": "own.payroll", "category": "payroll", "patterns": list(patterns)}
    return small(categories=categories, rules=[YES, NO, own] if patterns else [YES, NO])


@pytest.mark.parametrize("before", [small(rules=[YES, NO]), with_payroll()])
def test_an_own_category_new_or_live_counts_as_what_it_counts_as(before: Document) -> None:
    (found,) = compare(before, with_payroll("my pay"))
    assert (found.fallen, found.changed) == ([], ())
    (found,) = compare(before, with_payroll("my pay", "sure"))
    assert found.fallen == [f"macro-F1 on the {GOLDEN}"]
    assert found.changed == (Row("sure", "agree", "agree", "neutral"),)


@pytest.mark.parametrize("judged", ["neutral", "payroll"])
def test_reviewers_know_the_live_categories(supervisor: User, batch: Batch, judged: str) -> None:
    correction(supervisor, batch, "my pay is late", judged)
    _, found = compare(with_payroll("another word"), with_payroll("my pay"))
    assert found.changed == (Row("my pay is late", judged, "neutral", "payroll"),)
    assert bool(found.fallen) == (judged == "neutral")


def test_without_a_label_in_common_there_is_nothing_to_compare() -> None:
    categories = [{"slug": "else", "name": "Else", "meaning": "All.", "is_default": True}]
    assert compare(small(), small(categories=categories, rules=[])) == []


def test_the_shipped_one_is_as_good_as_itself() -> None:
    (found,) = compare(shipped(), shipped())
    assert (found.fallen, found.changed) == ([], ())
