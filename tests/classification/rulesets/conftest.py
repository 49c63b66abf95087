"""The draft as the database begins with it, and people who may publish it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from batches.models import Batch
from classification.engines.rules.document import Document
from classification.evaluation import comparison
from classification.golden import golden
from classification.models import Category, Classification, Correction, Rule, RuleSet, Split

# tests/classification/test_golden.py reads all of them.
TENTH = golden()[::10]


@pytest.fixture(autouse=True, scope="module")
def _a_tenth_of_the_golden_set() -> Iterator[None]:
    """Every publication reads the golden set by a rule set of its own, which would be most of these tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "golden", lambda: TENTH)
        comparison._golden_labels.cache_clear()
        yield
    comparison._golden_labels.cache_clear()


@pytest.fixture
def supervisor(db: None) -> User:
    user = User.objects.create_user("ana", is_staff=True)
    user.groups.add(Group.objects.get(name="supervisor"))
    return user


@pytest.fixture
def browser(client: Client, supervisor: User) -> Client:
    """The supervisor's."""
    client.force_login(supervisor)
    return client


def add_rule(name: str = "own.yes", category: str = "agree", **fields: Any) -> Rule:
    """A rule in the draft."""
    row = {"patterns": "count me in folks", "category": Category.objects.get(slug=category)}
    return Rule.objects.create(name=name, **row | fields)


def misread() -> Rule:
    """A rule in the draft that takes refusals of the golden set for agreement."""
    refusals = [one.text for one in TENTH if one.label == "disagree" and one.text.replace(" ", "").isalpha()]
    return add_rule("own.wrong", match="exact", strength="explicit", patterns="\n".join(refusals[:20]))


def correction(reviewer: User, batch: Batch, text: str, label: str, split: str = Split.EVAL) -> None:
    """What a reviewer says of a verdict on this text."""
    verdict = Classification.objects.create(batch=batch, label="neutral", latency_ms=1)
    Correction.objects.create(
        classification=verdict,
        reviewer=reviewer,
        text=text,
        text_key=text,
        predicted="neutral",
        corrected=label,
        split=split,
    )


def stored() -> RuleSet:
    """The rule set that was published last."""
    return RuleSet.objects.latest("number")


def small(**changes: Any) -> Document:
    """A rule set of a few entries."""
    document: dict[str, Any] = {
        "categories": [
            {
                "slug": "agree",
                "name": "Agree",
                "meaning": "Yes.",
                "counts_as": "agree",
                "opposite": "disagree",
            },
            {"slug": "disagree", "name": "Disagree", "meaning": "No.", "counts_as": "disagree"},
            {"slug": "neutral", "name": "Neutral", "meaning": "Else.", "is_default": True},
        ],
        "rules": [{"name": "yes", "category": "agree", "patterns": ["yes", "sure"]}],
        "lexicon": [{"kind": "variant", "term": "yup", "becomes": "yes"}],
    }
    return Document.model_validate(document | changes)
