"""What people say of verdicts: stored beside them, once by each, and never on both sides of the split."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from classification.append_only import AppendOnlyError
from classification.corrections import CannotCorrect, split_of
from classification.memory import text_key
from classification.models import Classification, Correction, Split
from tests.batches.conftest import arrive
from tests.classification.conftest import judge

pytestmark = pytest.mark.django_db


def judged(*texts: str, sender: str = "+639171234567", label: str = "agree", **fields: Any) -> Classification:
    """A verdict on a conversation."""
    batch = arrive(*(texts or ("Yes",)), sender=sender)
    told = {"engine": "rules", "latency_ms": 0} | fields
    return Classification.objects.create(batch=batch, label=label, **told)


def test_it_keeps_what_the_reviewer_saw(ana: User) -> None:
    verdict = judged("Not sure", "hindi pala", question="Will you come?")
    row = judge(verdict, ana, "disagree")
    assert (row.text, row.question) == ("Not sure\nhindi pala", "Will you come?")
    assert (row.predicted, row.corrected, row.reviewer) == ("agree", "disagree", ana)
    assert row.text_key == text_key(["Not sure", "hindi pala"], "Will you come?")
    verdict.refresh_from_db()
    assert verdict.label == "agree"


def test_the_same_label_confirms(ana: User) -> None:
    row = judge(judged(label="agree"), ana, "agree")
    assert row.predicted == row.corrected == "agree"


@pytest.mark.parametrize("label", ["", "undecided", "AGREE", "booking"])
def test_it_takes_live_categories_alone(ana: User, label: str) -> None:
    with pytest.raises(CannotCorrect, match="no category"):
        judge(judged(), ana, label)
    assert not Correction.objects.exists()


def test_a_second_reviewer_may_see_it_otherwise(ana: User, ben: User) -> None:
    verdict = judged()
    judge(verdict, ana, "disagree")
    judge(verdict, ben, "neutral")
    assert set(verdict.corrections.values_list("corrected", flat=True)) == {"disagree", "neutral"}


def test_nobody_judges_twice(ana: User) -> None:
    verdict = judged()
    judge(verdict, ana, "disagree")
    with pytest.raises(CannotCorrect, match="judged this verdict before: disagree"):
        judge(verdict, ana, "agree")
    assert verdict.corrections.count() == 1


def test_it_is_never_changed(ana: User) -> None:
    row = judge(judged(), ana, "disagree")
    row.corrected = "agree"
    with pytest.raises(AppendOnlyError):
        row.save()


@pytest.mark.django_db(transaction=True)
def test_of_a_double_click_one_wins_and_the_other_is_told(ana: User) -> None:
    verdict = judged()

    def click(label: str) -> str:
        try:
            return judge(verdict, ana, label).corrected
        except CannotCorrect as problem:
            return str(problem)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=6) as pool:
        answers = list(pool.map(click, ["agree", "disagree"] * 3))
    kept = Correction.objects.get().corrected
    assert answers.count(kept) == 1
    assert answers.count(f"You have judged this verdict before: {kept}.") == 5


class TestSplit:
    def test_one_sender_stays_on_one_side(self, ana: User, settings: Any) -> None:
        senders = [f"+63917000{number:04}" for number in range(12)]
        first = {sender: judge(judged(sender=sender), ana, "agree").split for sender in senders}
        settings.SECRET_KEY = "another key, and so another hash"
        second = {sender: judge(judged("no", sender=sender), ana, "agree").split for sender in senders}
        assert first == second

    def test_both_sides_get_their_share(self) -> None:
        halves = [split_of(f"+63917{number:07}") for number in range(400)]
        assert 150 < halves.count(Split.EVAL) < 250

    def test_the_side_is_not_to_be_guessed_without_the_key(self, settings: Any) -> None:
        senders = [f"+63917{number:07}" for number in range(50)]
        before = [split_of(sender) for sender in senders]
        settings.SECRET_KEY = "another key, and so another hash"
        assert [split_of(sender) for sender in senders] != before
