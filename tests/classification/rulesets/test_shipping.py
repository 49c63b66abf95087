"""What every migration does for the rule set that comes with the software."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command

from classification.engines.rules.document import Document
from classification.engines.rules.packs import shipped
from classification.models import Activation, Category, Origin, Rule, RuleSet
from classification.rulesets import shipping, store
from classification.rulesets.drafts import draft, load
from classification.rulesets.publishing import publish
from tests.classification.rulesets.conftest import add_rule, small

pytestmark = pytest.mark.django_db


def upgrade(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    """Another version of the software comes with another rule set."""
    monkeypatch.setattr(shipping, "shipped", lambda: document)
    call_command("migrate", verbosity=0)


def told() -> list[str]:
    return [
        str(check.msg) for check in run_checks(databases=["default"]) if check.id == "classification.I002"
    ]


def test_the_shipped_one_is_number_one_and_in_the_draft() -> None:
    row = RuleSet.objects.get()
    assert (row.number, row.origin, store.parsed(row)) == (1, Origin.SHIPPED, shipped())
    assert [one.by for one in Activation.objects.all()] == ["migrate"]
    assert draft() == shipped()


def test_another_migration_changes_nothing() -> None:
    rows = [list(table.objects.values()) for table in (RuleSet, Activation, Category, Rule)]
    call_command("migrate", verbosity=0)
    assert rows == [list(table.objects.values()) for table in (RuleSet, Activation, Category, Rule)]


def test_an_upgrade_brings_its_own_and_an_untouched_draft_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(monkeypatch, small())
    upgrade(monkeypatch, small())
    live = store.live_row()
    assert live is not None
    assert (live.number, live.origin, store.parsed(live), RuleSet.objects.count()) == (
        2,
        Origin.SHIPPED,
        small(),
        2,
    )
    assert draft() == small()
    assert told() == []


def test_an_upgrade_leaves_a_draft_alone_that_somebody_has_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rule("own.rule")
    upgrade(monkeypatch, small())
    assert Rule.objects.filter(name="own.rule").exists()
    assert draft() != small()


def test_an_operators_own_is_never_replaced_and_a_check_tells(
    monkeypatch: pytest.MonkeyPatch, supervisor: User
) -> None:
    add_rule()
    own = publish(supervisor, "")
    assert told() == []
    upgrade(monkeypatch, small())
    assert store.live_row() == own
    assert told() == [
        "A newer shipped rule set (Rule set 3) can be loaded into the draft; the live one is your own."
    ]
    load(small())
    add_rule()
    assert publish(supervisor, "", "Merged.").number == 4
    assert told() == []


def test_an_empty_draft_is_filled() -> None:
    Rule.objects.all().delete()
    Category.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert draft() == shipped()


def test_a_node_that_loses_the_race_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another node stores the first rule set after this one has looked: the number is taken."""
    first, insert = RuleSet.objects.get(), store.insert
    calls = list[Any]()

    def late(document: Document, **told: Any) -> RuleSet:
        calls.append(document)
        if len(calls) == 1:
            return RuleSet.objects.create(number=first.number, document={}, digest="x", origin=Origin.SHIPPED)
        return insert(document, **told)

    monkeypatch.setattr(store, "insert", late)
    upgrade(monkeypatch, small())
    assert (RuleSet.objects.count(), Activation.objects.count(), len(calls)) == (2, 2, 2)
