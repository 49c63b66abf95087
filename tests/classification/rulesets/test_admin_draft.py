"""The draft's pages: rows that are checked as they are saved, and the draft as a whole."""

import json
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from classification.admin import draft_page, scoreboard
from classification.engines.rules.packs import shipped
from classification.models import Category, LexiconEntry, Rule, RuleSet
from classification.rulesets import drafts, store
from classification.rulesets.drafts import draft
from tests.classification.rulesets.conftest import add_rule, misread, small

pytestmark = pytest.mark.django_db

DRAFT = reverse("admin:classification_rule_draft")
EXPORT = reverse("admin:classification_rule_draft_export")
YUP = {"kind": "variant", "term": "yup", "becomes": "yes"}
EVIL = "<script>alert(1)</script>"
TWICE = json.dumps(small().model_dump(mode="json") | {"lexicon": [YUP, YUP | {"becomes": "no"}]}).encode()
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"


def page(client: Client, address: str = DRAFT) -> str:
    return client.get(address).content.decode()


def act(client: Client, name: str, **fields: Any) -> Any:
    return client.post(DRAFT, {"act": name, **fields}, follow=True)


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


class TestRows:
    def add(self, browser: Client, model: str, **fields: Any) -> Any:
        return browser.post(reverse(f"admin:classification_{model}_add"), fields)

    def rule(self, browser: Client, **fields: Any) -> Any:
        agree = Category.objects.get(slug="agree").pk
        form = {"name": "own", "category": agree, "match": "phrase", "strength": "phrase", "enabled": "on"}
        return self.add(browser, "rule", **form | {"patterns": "zebra"} | fields)

    def test_it_saves_a_rule(self, browser: Client) -> None:
        answer = self.rule(browser, should_match="a zebra", should_not_match="a lion")
        assert (answer.status_code, Rule.objects.filter(name="own").count()) == (302, 1)

    @pytest.mark.parametrize(
        ("fields", "field", "problem"),
        [
            (
                {"patterns": "ok\n" + "x" * 201},
                "patterns",
                "Line 2: must have 200 characters at most",
            ),
            ({"patterns": "zebra", "should_match": "lion"}, "patterns", "lion"),
            ({"should_not_match": "a zebra"}, "patterns", "zebra"),
            ({"name": "two words"}, "name", "The name must be letters, digits, _, . and - alone, without"),
            ({"note": "bell \x07"}, "note", "U+0007 cannot be kept"),
            ({"before": "x" * 65}, "before", "Line 1: must have 64 characters at most"),
        ],
    )
    def test_it_shows_what_is_wrong_with_a_rule_at_the_field(
        self, browser: Client, fields: dict[str, str], field: str, problem: str
    ) -> None:
        answer = self.rule(browser, **fields)
        assert problem in str(answer.context["adminform"].form.errors[field])
        assert not Rule.objects.filter(note__contains="bell").exists()

    def test_it_checks_a_rule_although_the_rest_of_the_draft_is_broken(self, browser: Client) -> None:
        Category.objects.update(is_default=False)
        answer = self.rule(browser, should_match="lion")
        assert "lion" in str(answer.context["adminform"].form.errors["patterns"])
        assert self.rule(browser).status_code == 302

    @pytest.mark.parametrize(
        ("fields", "field", "problem"),
        [
            ({"slug": "undecided"}, "slug", "verdict of nobody"),
            ({"slug": "Agree"}, "slug", "must be small letters (a to z)"),
            ({"is_default": "on"}, "is_default", "“Neutral” is the default; take it away there first."),
            ({"mention": "bell \x07"}, "mention", "U+0007 cannot be kept"),
            ({"reply": "x" * 1601}, "reply", "must have 1600 characters at most"),
            ({"reply": "x" * 460}, "reply", "The text takes 4 SMS segments, and SMS_MAX_SEGMENTS allows 3."),
            ({"mention": "ж" * 202}, "mention", "The text takes 4 SMS segments"),
        ],
    )
    def test_it_shows_what_is_wrong_with_a_category_at_the_field(
        self, browser: Client, fields: dict[str, str], field: str, problem: str
    ) -> None:
        form = {"slug": "own", "name": "Own", "meaning": "Mine.", "counts_as": "neutral", "priority": "5"}
        answer = self.add(browser, "category", **form | {"enabled": "on"} | fields)
        assert problem in str(answer.context["adminform"].form.errors[field])

    def test_a_category_is_not_its_own_opposite(self, browser: Client) -> None:
        agree = Category.objects.get(slug="agree")
        form = {"slug": "agree", "name": "Agree", "meaning": "Yes.", "counts_as": "agree", "priority": "5"}
        address = reverse("admin:classification_category_change", args=[agree.pk])
        answer = browser.post(address, form | {"opposite": agree.pk, "enabled": "on"})
        assert answer.context["adminform"].form.errors["opposite"] == [
            "A category cannot be its own opposite."
        ]
        Category.objects.filter(pk=agree.pk).update(opposite=agree)
        text = act(browser, "publish").content.decode()
        assert "category agree, opposite: A category cannot be its own opposite." in text

    def test_it_counts_the_segments_of_what_is_typed(self, browser: Client, settings: Any) -> None:
        settings.SMS_MAX_SEGMENTS = 2
        page = browser.get(reverse("admin:classification_category_add")).content.decode()
        counted = re.findall(r'<textarea name="(\w+)"[^>]*data-max-segments="2"', page)
        assert counted == ["reply", "mention"]
        assert "replies/segments.js" in page

    @pytest.mark.parametrize(("kind", "becomes"), [("variant", ""), ("noise", "x")])
    def test_it_shows_what_is_wrong_with_a_word_at_the_field(
        self, browser: Client, kind: str, becomes: str
    ) -> None:
        answer = self.add(browser, "lexiconentry", kind=kind, term="zebra", becomes=becomes)
        assert "“becomes”" in str(answer.context["adminform"].form.errors["becomes"])

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"q": "zebra"}, ["own.zebra"]),
            ({"language": "xx"}, ["own.zebra"]),
            ({"q": "own.", "enabled__exact": "0"}, ["own.off"]),
            ({"q": "own.", "language": "any"}, ["own.off"]),
            ({"q": "own.", "strength__exact": "soft"}, ["own.zebra"]),
        ],
    )
    def test_it_finds_rules(self, browser: Client, query: dict[str, str], names: list[str]) -> None:
        add_rule("own.zebra", patterns="zebra", language="xx", strength="soft")
        add_rule("own.off", patterns="lion", enabled=False)
        found = browser.get(reverse("admin:classification_rule_changelist"), query).context["cl"].result_list
        assert sorted(rule.name for rule in found) == names

    def test_it_switches_rules_off_and_on(self, browser: Client) -> None:
        rule = add_rule()
        for action, enabled in (("switch_off", False), ("switch_on", True)):
            chosen = {"action": action, "_selected_action": [rule.pk]}
            browser.post(reverse("admin:classification_rule_changelist"), chosen)
            rule.refresh_from_db()
            assert rule.enabled is enabled
        assert LogEntry.objects.filter(object_id=str(rule.pk)).count() == 2

    @pytest.mark.parametrize("model", ["category", "rule", "lexiconentry"])
    def test_it_escapes_what_people_write(self, browser: Client, model: str) -> None:
        Category.objects.create(slug="evil", name=EVIL, meaning=EVIL, reply=EVIL)
        add_rule("evil", category="evil", patterns=EVIL, note=EVIL)
        LexiconEntry.objects.create(kind="variant", term=EVIL, becomes=EVIL)
        text = page(browser, reverse(f"admin:classification_{model}_changelist") + "?q=script")
        assert SHOWN in text
        assert EVIL not in text


class TestDraft:
    def test_it_says_that_nothing_differs(self, browser: Client) -> None:
        text = page(browser)
        assert "The draft says what" in text
        assert "Publish the draft" not in text

    def test_it_shows_differences_measures_and_rows(self, browser: Client) -> None:
        wrong = misread()
        text = page(browser)
        assert "Worse than the live rule set:" in text
        assert "Precision of agreement" in text
        assert wrong.patterns.split("\n")[0] in text
        assert "Reason for the override" in text

    def test_it_says_that_a_long_list_of_texts_is_cut(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        misread()
        answer = browser.get(DRAFT)
        assert "are shown; what is worse" not in answer.content.decode()
        count = len(answer.context["changed"])
        monkeypatch.setattr(scoreboard, "MAX_ROWS", count - 1)
        assert f"The first {count - 1} of {count} are shown; what is worse comes first." in page(browser)

    def test_it_escapes_what_the_draft_and_the_file_say(self, browser: Client) -> None:
        Category.objects.create(slug="evil", name=EVIL, meaning=EVIL)
        add_rule("evil", category="evil", patterns=EVIL, note=EVIL)
        text = page(browser)
        assert SHOWN in text
        assert EVIL not in text
        file = SimpleUploadedFile("x.json", json.dumps({"rules": [{"name": EVIL}]}).encode())
        text = act(browser, "import", file=file).content.decode()
        assert f"rule {SHOWN}, patterns: is missing" in text
        assert EVIL not in text

    def test_it_publishes(self, browser: Client) -> None:
        add_rule()
        answer = act(browser, "publish", note="Count me in", seen=store.digest(draft()))
        assert said(answer) == ["Rule set 2 is published. Every node uses it within a few seconds."]
        row = RuleSet.objects.get(number=2)
        assert (row.note, store.live_row()) == ("Count me in", row)

    def test_it_says_why_it_does_not_publish(self, browser: Client) -> None:
        add_rule(patterns="zebra", should_match="lion")
        answer = act(browser, "publish")
        assert said(answer) == ["Some rules do not do what they say."]
        assert "rule own.yes: " in answer.content.decode()
        assert act(browser, "publish", note="x" * 501).context["form"].errors["note"]
        assert RuleSet.objects.count() == 1

    def test_it_publishes_a_worse_one_with_a_reason_alone(self, browser: Client) -> None:
        misread()
        (told,) = said(act(browser, "publish"))
        assert told.startswith("The draft is worse than the live rule set: precision of agreement")
        act(browser, "publish", override="An experiment.")
        assert RuleSet.objects.get(number=2).override == "An experiment."

    def test_it_discards(self, browser: Client) -> None:
        Rule.objects.all().delete()
        act(browser, "discard")
        assert draft() == shipped()
        assert LogEntry.objects.get().change_message == "Draft replaced: what Rule set 1 says"

    def test_it_loads_the_shipped_one(self, browser: Client, supervisor: User) -> None:
        add_rule()
        act(browser, "publish")
        act(browser, "load_shipped")
        assert draft() == shipped()

    def test_a_broken_draft_can_be_looked_at_and_discarded(self, browser: Client) -> None:
        Category.objects.update(is_default=False)
        for text in (page(browser), page(browser, EXPORT)):
            assert "exactly one category must be the default" in text
        act(browser, "discard")
        assert draft() == shipped()

    @pytest.mark.parametrize("name", ["", "nonsense"])
    def test_it_does_nothing_else(self, browser: Client, name: str) -> None:
        add_rule()
        assert "There is nothing of that name" in act(browser, name).content.decode()
        assert Rule.objects.filter(name="own.yes").exists()

    @pytest.mark.parametrize("name", ["publish", "discard", "load_shipped", "import"])
    def test_a_get_does_nothing(self, browser: Client, name: str) -> None:
        add_rule()
        browser.get(DRAFT, {"act": name})
        assert (RuleSet.objects.count(), Rule.objects.filter(name="own.yes").count()) == (1, 1)


class TestFiles:
    def test_what_is_exported_can_be_imported(self, browser: Client) -> None:
        drafts.load(small())
        answer = browser.get(EXPORT)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="draft.json"'
        drafts.load(shipped())
        act(browser, "import", file=SimpleUploadedFile("draft.json", b"\xef\xbb\xbf" + answer.content))
        assert draft() == small()
        assert RuleSet.objects.count() == 1

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"", "The submitted file is empty|no JSON"),
            (b"{", "The file is no JSON"),
            (b"\xff\xfe\x00", "The file is no JSON"),
            (b"NaN", "The file is no JSON"),
            (b"[" * 100_000, "The file is no JSON"),
            (b"[]", "This is no rule set"),
            (b'{"categories": [], "rules": [], "lexicon": []}', "exactly one category must be the default"),
            (
                b'{"categories": [{"slug": "A B"}], "rules": 1, "lexicon": []}',
                "category A B, slug: must be small letters",
            ),
            (TWICE, "word named twice: yup (variant)"),
            (b'{"rules": [{"name": "r", "patterns": ["\\u0000"]}]}', "U+0000 cannot be kept here"),
            (b"x" * 2_000_001, "larger than 2,000,000 bytes"),
        ],
    )
    def test_a_bad_file_is_refused_with_the_reason(
        self, browser: Client, content: bytes, problem: str
    ) -> None:
        answer = act(browser, "import", file=SimpleUploadedFile("x.json", content))
        assert answer.status_code == 200
        assert any(one in answer.content.decode() for one in problem.split("|"))
        assert draft() == shipped()

    def test_without_a_file_it_asks_for_one(self, browser: Client) -> None:
        assert "Choose a file." in act(browser, "import").content.decode()

    def test_of_many_problems_it_shows_the_first(self, browser: Client) -> None:
        data = small().model_dump(mode="json") | {"rules": [{"name": f"r{n}"} for n in range(100)]}
        text = act(
            browser, "import", file=SimpleUploadedFile("x.json", json.dumps(data).encode())
        ).content.decode()
        assert text.count("patterns: is missing") == draft_page.MAX_PROBLEMS
        assert "… and 70 more." in text
