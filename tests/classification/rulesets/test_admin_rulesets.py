"""The pages of published rule sets."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from classification.models import Category, Origin, RuleSet
from classification.rulesets import drafts, store
from classification.rulesets.publishing import publish
from tests.classification.rulesets.conftest import add_rule, small, stored

pytestmark = pytest.mark.django_db

LIST = reverse("admin:classification_ruleset_changelist")
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def second(supervisor: User) -> RuleSet:
    Category.objects.create(slug="evil", name=EVIL, meaning=EVIL, reply=EVIL)
    add_rule("own.zebra", category="evil", patterns=EVIL)
    return publish(supervisor, EVIL)


def address(row: RuleSet, page: str = "change") -> str:
    return reverse(f"admin:classification_ruleset_{page}", args=[row.pk])


def act(browser: Client, row: RuleSet, name: str) -> list[str]:
    answer = browser.post(address(row, "act"), {"act": name}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_the_list_marks_the_live_one(browser: Client, second: RuleSet) -> None:
    answer = browser.get(LIST)
    rows = list(answer.context["cl"].result_list)
    assert [(row.number, row.is_live) for row in rows] == [(2, True), (1, False)]
    text = answer.content.decode()
    assert f"{second.scores['golden set']['draft']['macro_f1']:.4f}" in text
    assert "ana" in text


def test_the_list_leaves_the_documents_where_they_are(browser: Client, second: RuleSet) -> None:
    assert "document" in browser.get(LIST).context["cl"].result_list[0].get_deferred_fields()


def test_a_page_tells_all_of_it_and_escapes_it(browser: Client, second: RuleSet) -> None:
    text = browser.get(address(second)).content.decode()
    for told in ("Differences to Rule set 1", "own.zebra", "Precision of agreement", "Live from", "by ana"):
        assert told in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    assert EVIL not in text
    assert EVIL not in browser.get(LIST).content.decode()


def test_it_goes_back_with_one_click(browser: Client, second: RuleSet) -> None:
    first = RuleSet.objects.get(number=1)
    assert "Make it live" in browser.get(address(first)).content.decode()
    assert act(browser, first, "activate") == ["Rule set 1 is live. Every node uses it within a few seconds."]
    assert store.live_row() == first
    assert act(browser, first, "activate") == ["Rule set 1 is live already."]


def test_it_loads_one_into_the_draft(browser: Client, second: RuleSet) -> None:
    first = RuleSet.objects.get(number=1)
    assert act(browser, first, "load") == ["The draft is now what Rule set 1 says."]
    assert drafts.draft() == store.parsed(first)
    assert store.live_row() == second


def test_it_exports(browser: Client, second: RuleSet) -> None:
    answer = browser.get(address(second, "export"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ruleset-2.json"'
    assert drafts.read(json.loads(answer.content)) == store.parsed(second)


def test_one_of_another_version_can_be_looked_at_and_not_used(browser: Client) -> None:
    row = RuleSet.objects.create(number=9, document={"format": 2}, digest="x", origin=Origin.SHIPPED)
    told = "Rule set 9 cannot be read by this version of the software."
    assert told in browser.get(address(row)).content.decode()
    for name in ("activate", "load"):
        assert act(browser, row, name) == [told]
    assert told in browser.get(address(row, "export"), follow=True).content.decode()


def test_a_rule_set_cannot_be_changed_or_deleted(browser: Client, second: RuleSet) -> None:
    for page in ("change", "delete"):
        assert browser.post(address(second, page), {"note": "x", "post": "yes"}).status_code == 403
    assert browser.post(reverse("admin:classification_ruleset_add"), {}).status_code == 403
    assert stored().note == EVIL


@pytest.mark.parametrize("name", ["", "publish", "delete"])
def test_it_does_nothing_else(browser: Client, second: RuleSet, name: str) -> None:
    assert browser.post(address(second, "act"), {"act": name}).status_code == 403
    assert browser.get(address(second, "act"), {"act": "activate"}).status_code == 403


def test_the_first_page_of_a_set_that_stands_alone(browser: Client, settings: Any) -> None:
    row = store.insert(small(), origin=Origin.DRAFT)
    text = browser.get(address(row)).content.decode()
    assert "Make it live" in text
    assert "Differences to Rule set 1" in text
