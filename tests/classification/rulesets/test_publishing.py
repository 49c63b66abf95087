"""From the draft to the live rule set and back, and what is refused on the way."""

import threading
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection

from batches.models import Batch
from classification.models import (
    Activation,
    Category,
    Origin,
    Rule,
    RuleSet,
    Split,
)
from classification.rulesets import drafts, store
from classification.rulesets.live import live
from classification.rulesets.publishing import Refused, activate, publish
from tests.classification.rulesets.conftest import add_rule, correction, misread, stored

pytestmark = pytest.mark.django_db


def count() -> int:
    return RuleSet.objects.count()


def test_it_makes_the_draft_the_live_rule_set(supervisor: User) -> None:
    add_rule(patterns="zebra stripes")
    row = publish(supervisor, "Zebras")
    assert (row.number, row.origin, row.note, row.published_by) == (2, Origin.DRAFT, "Zebras", supervisor)
    assert (store.live_row(), live().number) == (row, 2)
    assert live().rules.read(["zebra stripes"]).label == "agree"
    assert row.digest == store.digest(drafts.draft()) == store.digest(store.parsed(row))
    assert Activation.objects.latest("id").by == "ana"


def test_it_keeps_the_measures_of_both_and_a_line_in_the_log(supervisor: User) -> None:
    add_rule()
    row = publish(supervisor, "")
    golden = row.scores["golden set"]
    assert golden["live"]["rows"] == golden["draft"]["rows"] > 0
    assert golden["live"]["macro_f1"] == golden["draft"]["macro_f1"] > 0.5
    entry = LogEntry.objects.get(user=supervisor)
    assert (entry.object_repr, entry.object_id) == ("Rule set 2", str(row.pk))
    assert entry.change_message == "Published: Rule set 2."


def test_it_refuses_what_changes_nothing(supervisor: User) -> None:
    with pytest.raises(Refused, match="Nothing has changed"):
        publish(supervisor, "")
    assert count() == 1


def test_it_refuses_a_draft_that_is_no_rule_set(supervisor: User) -> None:
    Category.objects.filter(slug="neutral").update(is_default=False)
    with pytest.raises(Refused, match="no rule set yet") as error:
        publish(supervisor, "")
    assert error.value.problems == ["exactly one category must be the default"]


def test_it_refuses_a_default_that_counts_as_agreement(supervisor: User) -> None:
    Category.objects.filter(is_default=True).update(counts_as="agree")
    with pytest.raises(Refused, match="cannot be as they are") as error:
        publish(supervisor, "")
    (problem,) = error.value.problems
    assert problem.startswith("category neutral, counts_as: The default category must not count as agreement")
    assert count() == 1


def test_it_refuses_a_rule_that_fails_its_own_texts(supervisor: User) -> None:
    add_rule("own.zebra", patterns="zebra", should_match="zebra\nlion", should_not_match="a zebra")
    with pytest.raises(Refused, match="do not do what they say") as error:
        publish(supervisor, "")
    assert len(error.value.problems) == 2
    assert all(problem.startswith("rule own.zebra: ") for problem in error.value.problems)
    assert "lion" in error.value.problems[0]


@pytest.mark.parametrize(
    ("patterns", "match", "problem"),
    [
        ("@nowhere", "phrase", "@nowhere: unknown word class @nowhere"),
        ("(zebra", "regex", "(zebra: missing ) at position 6"),
        (r"(\w+\s?)+$x", "regex", r"(\w+\s?)+$x: takes too long on a text of 5000 characters"),
    ],
)
def test_it_blames_one_rule_that_cannot_be_used_and_no_other(
    supervisor: User, patterns: str, match: str, problem: str
) -> None:
    add_rule("own.zebra", patterns=patterns, match=match)
    with pytest.raises(Refused) as error:
        publish(supervisor, "")
    assert error.value.problems == [f"rule own.zebra: {problem}"]


def test_it_refuses_a_draft_that_is_not_what_the_user_saw(supervisor: User) -> None:
    add_rule()
    seen = store.digest(drafts.draft())
    add_rule("own.other", patterns="another one")
    with pytest.raises(Refused, match="changed since you looked"):
        publish(supervisor, "", seen=seen)
    assert publish(supervisor, "", seen=store.digest(drafts.draft())).number == 2


class TestGate:
    def test_it_refuses_a_worse_one_and_lists_what_is_read_differently(self, supervisor: User) -> None:
        misread()
        with pytest.raises(Refused, match="precision of agreement on the golden set, macro-F1") as error:
            publish(supervisor, "")
        (comparison,) = error.value.comparisons
        assert any(
            row.label == row.before == "disagree" and row.after == "agree" for row in comparison.changed
        )
        assert (count(), live().number) == (1, 1)

    def test_it_publishes_a_worse_one_for_a_reason(self, supervisor: User) -> None:
        misread()
        assert publish(supervisor, "", "They asked for it.").override == "They asked for it."
        assert live().number == 2

    def test_an_override_that_was_not_needed_is_not_recorded(self, supervisor: User) -> None:
        add_rule()
        assert publish(supervisor, "", "just in case").override == ""

    @pytest.mark.parametrize("reason", ["", "  ", "Because."])
    def test_it_asks_for_the_permission_as_well(self, reason: str) -> None:
        misread()
        publisher = User.objects.create_user("ben", is_staff=True)
        publisher.user_permissions.add(Permission.objects.get(codename="publish_ruleset"))
        with pytest.raises(Refused, match="worse"):
            publish(publisher, "", reason)
        assert count() == 1

    def test_any_fall_counts_on_the_corrections_too(self, supervisor: User, batch: Batch) -> None:
        correction(supervisor, batch, "zebra", "disagree")
        add_rule(patterns="zebra")
        with pytest.raises(Refused, match="precision of agreement on the corrections"):
            publish(supervisor, "")

    def test_only_the_evaluation_half_counts(self, supervisor: User, batch: Batch) -> None:
        correction(supervisor, batch, "zebra", "disagree", split=Split.TRAIN)
        add_rule(patterns="zebra")
        assert "corrections" not in publish(supervisor, "").scores

    def test_a_label_that_one_of_them_does_not_know_is_left_out(self, supervisor: User, batch: Batch) -> None:
        Category.objects.create(slug="zoo", name="Zoo", meaning="Animals.")
        correction(supervisor, batch, "zebra", "zoo")
        add_rule(patterns="zebra")
        assert "corrections" not in publish(supervisor, "").scores

    def test_a_new_category_is_measured_by_what_it_counts_as(self, supervisor: User) -> None:
        agree = Category.objects.get(slug="agree")
        same = {"counts_as": "agree", "opposite": agree.opposite, "priority": agree.priority}
        coming = Category.objects.create(slug="coming", name="Coming", meaning="Comes.", **same)
        Category.objects.filter(opposite=agree).update(opposite=coming)
        Rule.objects.filter(category=agree).update(category=coming)
        golden = publish(supervisor, "").scores["golden set"]
        assert golden["draft"]["macro_f1"] == golden["live"]["macro_f1"]


class TestGoingBack:
    def test_an_earlier_one_is_live_again(self, supervisor: User) -> None:
        first = stored()
        add_rule()
        publish(supervisor, "")
        activate(first, supervisor)
        assert (store.live_row(), live().number) == (first, 1)
        assert LogEntry.objects.latest("id").change_message == "Rule set 1 made live"

    def test_the_live_one_cannot_be_made_live(self, supervisor: User) -> None:
        with pytest.raises(Refused, match="Rule set 1 is live already"):
            activate(stored(), supervisor)
        assert Activation.objects.count() == 1

    def test_what_this_version_cannot_read_is_refused(self, supervisor: User) -> None:
        row = RuleSet.objects.create(number=2, document={"format": 9}, digest="x", origin=Origin.DRAFT)
        with pytest.raises(Refused, match="Rule set 2 cannot be read by this version"):
            activate(row, supervisor)
        assert live().number == 1


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_two_who_publish_one_wins_and_the_other_is_told(self, supervisor: User) -> None:
        add_rule()
        both, results = threading.Barrier(2), list[Any]()

        def run() -> None:
            try:
                both.wait()
                results.append(publish(supervisor, "").number)
            except Refused as refused:
                results.append(str(refused))
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        numbers = [result for result in results if isinstance(result, int)]
        assert numbers == [2]
        (told,) = (result for result in results if isinstance(result, str))
        assert "went live meanwhile" in told or "Nothing has changed" in told
        assert (count(), Activation.objects.count()) == (2, 2)

    def test_whoever_compared_with_one_that_is_live_no_more_is_told(
        self, supervisor: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = stored()
        add_rule()
        publish(supervisor, "")
        add_rule("own.second", patterns="second rule here")
        compared = store.one_at_a_time

        def somebody_else_first() -> None:
            monkeypatch.setattr(store, "one_at_a_time", compared)
            store.make_live(first, "somebody else")
            compared()

        monkeypatch.setattr(store, "one_at_a_time", somebody_else_first)
        with pytest.raises(Refused, match="Rule set 1 went live meanwhile"):
            publish(supervisor, "")
        assert count() == 2
