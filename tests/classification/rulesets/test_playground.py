"""Texts to try on the draft or on the live rule set."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classification.admin.playground import texts_of
from classification.models import Category, Classification
from tests.classification.rulesets.conftest import add_rule

pytestmark = pytest.mark.django_db

PLAYGROUND = reverse("admin:classification_rule_playground")


def read(browser: Client, texts: str, rules: str = "draft") -> Any:
    return browser.post(PLAYGROUND, {"texts": texts, "rules": rules})


@pytest.mark.parametrize(
    ("pasted", "texts"),
    [
        ("yes", ["yes"]),
        ("yes\r\nno wait", ["yes", "no wait"]),
        ("yes\nplease\n\nno wait", ["yes\nplease", "no wait"]),
        ("\n yes \n \n\n no \n", ["yes", "no"]),
    ],
)
def test_it_makes_texts_of_what_is_pasted(pasted: str, texts: list[str]) -> None:
    assert texts_of(pasted) == texts


def test_it_shows_the_label_and_why(browser: Client) -> None:
    answer = read(browser, "hindi pwede", "live")
    text = answer.content.decode()
    assert answer.context["answer"]["name"] == "Disagree"
    assert "hindi pwede" in text
    assert "tl.no" in text
    assert answer.context["other"] is None


@pytest.mark.parametrize(
    ("rules", "mine", "others"), [("draft", "Agree", "Neutral"), ("live", "Neutral", "Agree")]
)
def test_it_shows_the_others_answer_when_they_differ(
    browser: Client, rules: str, mine: str, others: str
) -> None:
    add_rule(patterns="zebra")
    answer = read(browser, "zebra", rules)
    assert (answer.context["answer"]["name"], answer.context["other"]["name"]) == (mine, others)


def test_a_broken_draft_is_told(browser: Client) -> None:
    Category.objects.update(is_default=False)
    answer = read(browser, "yes")
    assert "exactly one category must be the default" in answer.content.decode()
    assert answer.context["other"]["name"] == "Agree"


def test_it_escapes_and_reveals(browser: Client) -> None:
    text = read(browser, "yes <script>alert(1)</script> \u202e").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text
    assert '<code class="unseen"' in text


def test_it_stores_nothing(browser: Client) -> None:
    read(browser, "yes")
    assert not Classification.objects.exists()


@pytest.mark.parametrize(
    "fields", [{}, {"texts": "x" * 20_001, "rules": "draft"}, {"texts": "x", "rules": "?"}]
)
def test_it_refuses_what_it_cannot_read(browser: Client, fields: dict[str, str]) -> None:
    answer = browser.post(PLAYGROUND, fields)
    assert answer.status_code == 200
    assert "answer" not in answer.context
