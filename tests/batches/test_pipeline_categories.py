"""Categories of an operator's own on their way through the pipeline, the log and the admin."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.models import Batch
from batches.pipeline import process
from classification.engines.base import Matter, Verdict
from classification.engines.rules.engine import RulesEngine
from classification.models import Origin
from classification.rulesets import live, store
from replies.senders import memory
from tests.batches.conftest import closed, done
from tests.classification.rulesets.conftest import small

pytestmark = pytest.mark.django_db(transaction=True)

CATEGORIES: list[dict[str, Any]] = [
    {
        "slug": "book",
        "name": "<b>Booking</b>",
        "meaning": "Wants a place.",
        "counts_as": "agree",
        "reply": "Noted!",
    },
    {"slug": "price", "name": "Price", "meaning": "Asks for it.", "mention": "It is free."},
    {"slug": "other", "name": "Other", "meaning": "Else.", "is_default": True},
]
RULES: list[dict[str, Any]] = [
    {"name": "book", "category": "book", "patterns": ["reserve me"]},
    {"name": "price", "category": "price", "patterns": ["the cost"]},
]


@pytest.fixture(autouse=True)
def _shop(outbox: list[memory.Sms]) -> None:
    store.make_live(store.insert(small(categories=CATEGORIES, rules=RULES), origin=Origin.DRAFT), "somebody")
    live.live.cache_clear()


def two_matters(monkeypatch: pytest.MonkeyPatch) -> Batch:
    """A conversation that books and asks for the price, as an engine that tells matters apart reads it."""
    matters = (Matter("book", "reserve me"), Matter("price", "what is <i>the cost</i>"))
    verdict = Verdict("book", 0.9, matters=matters, trace={"hits": []})
    monkeypatch.setattr(RulesEngine, "classify", lambda *_: verdict)
    return done(closed("reserve me", "what is <i>the cost</i>"))


@pytest.mark.parametrize(
    ("text", "word"), [("reserve me", "✓ AGREE"), ("the cost", "✗ NOT AGREE"), ("zzz", "✗ NOT AGREE")]
)
def test_the_log_says_agree_where_the_category_counts_as_agreement(
    text: str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    process(closed(text).id, "worker")
    assert f"CONSOLIDATED CLASSIFICATION {word} | From:" in caplog.text
    assert f"Result: {word[2:]} |" in caplog.text


def test_the_categorys_reply_goes_out() -> None:
    assert done(closed("reserve me")).label == "book"
    assert [sms.body for sms in memory.outbox] == ["Noted!"]


def test_a_second_matter_adds_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    two_matters(monkeypatch)
    assert [sms.body for sms in memory.outbox] == ["Noted! It is free."]


def test_the_pages_show_every_matter_by_its_name(
    monkeypatch: pytest.MonkeyPatch, admin_client: Client
) -> None:
    batch = two_matters(monkeypatch)
    row = batch.classifications.get()
    for address in (
        reverse("admin:batches_batch_change", args=[batch.pk]),
        reverse("admin:classification_classification_change", args=[row.pk]),
    ):
        page = admin_client.get(address).content.decode()
        assert "&lt;b&gt;Booking&lt;/b&gt;: “reserve me”" in page
        assert "Price: “what is &lt;i&gt;the cost&lt;/i&gt;”" in page
        assert "<b>Booking" not in page
        assert (
            "&lt;b&gt;Booking&lt;/b&gt;&#x27;" not in page
        )  # the name alone, not its parts as Python writes them
        assert "<i>the cost" not in page


def test_the_filter_offers_live_and_former_categories_and_undecided(admin_client: Client) -> None:
    done(closed("reserve me"))
    address = reverse("admin:batches_batch_changelist")
    page = admin_client.get(address)
    choices = dict(page.context["cl"].filter_specs[1].lookup_choices)
    no_categories = ["undecided", "opt_out", "opt_in", "help"]
    assert list(choices) == ["book", "other", "price", "agree", "disagree", "neutral", *no_categories]
    assert admin_client.get(address, {"label": "book"}).context["cl"].result_list.count() == 1
    assert admin_client.get(address, {"label": "price"}).context["cl"].result_list.count() == 0
    assert "&lt;b&gt;Booking&lt;/b&gt;" in page.content.decode()


def test_a_batch_costs_no_question_after_the_rule_set() -> None:
    done(closed("reserve me"))
    second = closed("reserve me", sender="+639171234568")
    with CaptureQueriesContext(connection) as queries:
        process(second.id, "worker")
    assert not [query["sql"] for query in queries if "ruleset" in query["sql"] and "SELECT" in query["sql"]]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("rule_changelist", "Rules"),
        ("rule_draft", "Draft"),
        ("rule_playground", "Playground"),
        ("ruleset_changelist", "Rule sets"),
    ],
)
def test_the_sidebar_marks_the_page_that_is_open(admin_client: Client, page: str, title: str) -> None:
    context = admin_client.get(reverse(f"admin:classification_{page}")).context
    items = [item for group in context["sidebar_navigation"] for item in group["items"]]
    assert [item["title"] for item in items if item["active"]] == [title]
