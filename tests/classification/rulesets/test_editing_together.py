"""Several people at work on one draft: nobody undoes in silence what another has saved."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse

from classification.models import Category, LexiconEntry, Rule
from classification.rulesets import drafts
from classification.rulesets.drafts import draft
from tests.classification.rulesets.conftest import add_rule, small

pytestmark = pytest.mark.django_db

DRAFT = reverse("admin:classification_rule_draft")
CHANGED = "Somebody else has changed this since you opened it."


def address(row: models.Model) -> str:
    return reverse(f"admin:classification_{row._meta.model_name}_change", args=[row.pk])


def opened(browser: Client, row: models.Model) -> dict[str, Any]:
    """What the browser would send back of the page that somebody has opened."""
    form = browser.get(address(row)).context["adminform"].form
    row = type(row)._default_manager.get(pk=row.pk)
    shown = {name: value for name, value in model_to_dict(row).items() if value not in (None, False)}
    return {**shown, "seen": form["seen"].value()}


class TestRows:
    def test_what_another_has_saved_meanwhile_stays_and_what_was_typed_is_shown_again(
        self, browser: Client
    ) -> None:
        rule = add_rule(patterns="count me in folks")
        mine = opened(browser, rule) | {"note": "From the phone calls."}
        browser.post(address(rule), opened(browser, rule) | {"patterns": "we will be there"})
        answer = browser.post(address(rule), mine)
        text = answer.content.decode()
        assert CHANGED in text
        assert '<a class="text-link" href="" target="_blank">Load it again</a>' in text
        assert "From the phone calls." in text
        rule.refresh_from_db()
        assert (rule.patterns, rule.note) == ("we will be there", "")

    def test_it_is_refused_as_long_as_it_is_not_loaded_again(self, browser: Client) -> None:
        rule = add_rule()
        mine = opened(browser, rule) | {"note": "Mine."}
        Rule.objects.filter(pk=rule.pk).update(enabled=False)
        for _ in range(2):
            answer = browser.post(address(rule), mine)
            assert answer.status_code == 200
            mine["seen"] = answer.context["adminform"].form["seen"].value()
        assert browser.post(address(rule), opened(browser, rule) | {"note": "Mine."}).status_code == 302

    @pytest.mark.parametrize("table", [Category, Rule, LexiconEntry])
    def test_who_is_alone_saves_again_and_again(self, browser: Client, table: type[models.Model]) -> None:
        drafts.load(small())
        row = table._default_manager.order_by("pk")[0]
        for _ in range(2):
            assert browser.post(address(row), opened(browser, row)).status_code == 302

    @pytest.mark.parametrize(
        ("table", "change"),
        [(Category, {"priority": 7}), (Rule, {"leads": True}), (LexiconEntry, {"becomes": "sure"})],
    )
    def test_every_kind_of_row_notices(
        self, browser: Client, table: type[models.Model], change: dict[str, Any]
    ) -> None:
        drafts.load(small())
        row = table._default_manager.order_by("pk")[0]
        mine = opened(browser, row)
        table._default_manager.filter(pk=row.pk).update(**change)
        assert CHANGED in browser.post(address(row), mine).content.decode()


class TestTheWhole:
    def act(self, browser: Client, name: str, seen: str) -> Any:
        file = SimpleUploadedFile("x.json", small().model_dump_json().encode())
        return browser.post(DRAFT, {"act": name, "seen": seen, "file": file}, follow=True)

    @pytest.mark.parametrize("name", ["discard", "load_shipped", "import"])
    @pytest.mark.parametrize("enabled", [True, False])
    def test_nothing_is_replaced_that_has_changed_meanwhile(
        self, browser: Client, name: str, enabled: bool
    ) -> None:
        drafts.load(small())
        page = browser.get(DRAFT)
        add_rule(enabled=enabled)
        answer = self.act(browser, name, page.context["seen"])
        assert "The draft has changed since you looked at it" in answer.content.decode()
        assert Rule.objects.filter(name="own.yes").exists()
        self.act(browser, name, answer.context["seen"])
        assert not Rule.objects.filter(name="own.yes").exists()

    def test_each_way_to_replace_it_sends_what_was_seen(self, browser: Client) -> None:
        page = browser.get(DRAFT)
        hidden = f'<input type="hidden" name="seen" value="{page.context["seen"]}">'
        assert page.content.decode().count(hidden) == 3

    def test_a_draft_that_was_broken_and_is_mended_has_changed(self, browser: Client) -> None:
        Category.objects.update(is_default=False)
        page = browser.get(DRAFT)
        Category.objects.filter(slug="neutral").update(is_default=True)
        before = draft()
        self.act(browser, "import", page.context["seen"])
        assert draft() == before
