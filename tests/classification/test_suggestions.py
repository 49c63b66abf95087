"""Words that the rules get wrong, and the form that makes a rule of them."""

from functools import cache
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from classification.corrections import split_of
from classification.evaluation.suggestions import suggestions
from classification.models import Category, Rule, Split
from tests.batches.conftest import browser
from tests.classification.conftest import judge
from tests.classification.test_corrections import judged

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:classification_correction_accuracy")


@cache
def people(split: Split) -> list[str]:
    """Senders of one half."""
    senders = [f"+63917{number:07}" for number in range(100)]
    return [sender for sender in senders if split_of(sender) == split]


def misread(
    reviewer: User,
    *texts: str,
    person: int,
    split: Split = Split.TRAIN,
    said: str = "neutral",
    means: str = "disagree",
    **fields: Any,
) -> None:
    """A verdict, and what the reviewer says of it."""
    row = judged(*texts, sender=people(split)[person], label=said, **fields)
    judge(row, reviewer, means)


def found() -> list[tuple[str, str, int, int]]:
    return [(one.words, one.label, one.misread, one.people) for one in suggestions()]


def test_it_finds_words_that_several_people_were_misread_by(ana: User) -> None:
    for number, text in enumerate(["Pass muna", "pass MUNA po", "ay pass muna, salamat"]):
        misread(ana, text, person=number)
    assert found() == [("pass muna", "disagree", 3, 3)]


@pytest.mark.parametrize("count", [0, 2])
def test_two_people_are_too_few(ana: User, count: int) -> None:
    for number in range(count):
        misread(ana, "Pass", person=number)
    assert found() == []


def test_one_persons_habit_is_no_language(ana: User) -> None:
    for text in ("Pass", "pass ulit", "pass pa rin", "pass pa"):
        misread(ana, text, person=0)
    assert found() == []


def test_the_evaluation_half_is_not_looked_at(ana: User) -> None:
    for number in range(5):
        misread(ana, "Pass", person=number, split=Split.EVAL)
    assert found() == []


def test_words_with_two_meanings_make_no_rule(ana: User) -> None:
    for number in range(6):
        misread(ana, "Pass", person=number, means="disagree" if number % 2 else "agree")
    assert found() == []


def test_words_that_the_rules_mostly_read_right_are_left_alone(ana: User) -> None:
    for number in range(10):
        misread(ana, "Pass", person=number, said="neutral" if number < 3 else "disagree")
    assert found() == []


@pytest.mark.parametrize(
    ("heard", "count"),
    [
        ({"engine": "rules"}, 1),
        ({"engine": "openai"}, 0),  # the model was wrong, which tells nothing of the rules
        ({"engine": "openai", "other_engine": "rules", "other_label": "neutral"}, 1),
        ({"engine": "openai", "other_engine": "rules", "other_label": "disagree"}, 0),
    ],
)
def test_it_asks_what_the_rules_said(ana: User, heard: dict[str, Any], count: int) -> None:
    for number in range(3):
        misread(ana, "Pass", person=number, **heard)
    assert len(found()) == count


def test_words_are_given_as_the_rules_read_them(ana: User) -> None:
    for number in range(3):
        misread(ana, "Don't bother po", person=number)
    assert found()[0][0] == "do not bother"


@pytest.mark.parametrize("texts", [["pass", "muna"], ["pass, muna"], ["pass... muna!"]])
def test_words_do_not_reach_over_lines_and_marks(ana: User, texts: list[str]) -> None:
    for number in range(3):
        misread(ana, *texts, person=number)
    assert [words for words, *_ in found()] == ["muna", "pass"]


class TestPage:
    def form(self, client: Client) -> str:
        page = client.get(PAGE).content.decode()
        return (
            unescape(page.split('class="text-link" href="')[1].split('"')[0]) if "Make a rule" in page else ""
        )

    @pytest.fixture(autouse=True)
    def _misread(self, ana: User) -> None:
        for number in range(3):
            misread(ana, "Blorps zikky drumo, <b>", person=number)

    def test_it_leads_to_a_form_that_is_filled_in(self) -> None:
        client = browser("supervisor")
        answer = client.get(self.form(client))
        initial = answer.context["adminform"].form.initial
        assert answer.status_code == 200
        assert initial["patterns"] == "blorps zikky drumo"
        assert initial["should_match"] == "Blorps zikky drumo, <b>"
        assert str(initial["category"]) == str(Category.objects.get(slug="disagree").pk)

    def test_the_form_can_be_saved_as_it_is(self) -> None:
        client = browser("supervisor")
        address = self.form(client)
        initial = client.get(address).context["adminform"].form.initial
        saved = client.post(
            address, {"match": "phrase", "strength": "phrase", "enabled": "on"} | initial, follow=True
        )
        rule = Rule.objects.get(name=initial["name"])
        assert saved.status_code == 200
        assert (rule.category and rule.category.slug, rule.patterns) == ("disagree", initial["patterns"])

    def test_who_may_not_write_rules_sees_the_words_alone(self) -> None:
        client = browser("viewer")
        page = client.get(PAGE).content.decode()
        assert "Blorps zikky drumo, &lt;b&gt;" in page
        assert "drumo, <b>" not in page
        assert self.form(client) == ""
