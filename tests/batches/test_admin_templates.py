"""The editor of templates in the admin, and what else of them it shows."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.models import Channel, SenderPreference
from batches.pipeline import process
from replies import choosing
from replies.models import Reply, Template
from replies.senders import memory
from tests.batches.conftest import SENDER, arrive, browser, closed, done
from tests.batches.test_templates import template

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:replies_template_changelist", "admin:replies_template_add"
PREVIEW = "admin:replies_template_preview"


@pytest.fixture(autouse=True)
def _replying(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.SMS_SEGMENT_PRICE = Decimal("0.50")


def form(**changes: Any) -> dict[str, Any]:
    return {
        "category": "agree",
        "channel": "",
        "language": "fil",
        "text": "Hi {name}!",
        "gsm_safe": "unknown",
        "enabled": "on",
    } | changes


class TestEditor:
    def test_it_saves_and_keeps_who_changed_what(self) -> None:
        client = browser("supervisor")
        assert client.post(reverse(ADD), form()).status_code == 302
        row = Template.objects.get()
        assert (row.language, row.gsm_safe) == ("tl", None)
        change = reverse("admin:replies_template_change", args=[row.pk])
        client.post(change, form(text="<b>Salamat</b>"))
        client.post(reverse("admin:replies_template_delete", args=[row.pk]), {"post": "yes"})
        history = list(Template.history.values_list("history_type", "text", "history_user__username"))
        assert history == [
            ("-", "<b>Salamat</b>", "a-supervisor"),
            ("~", "<b>Salamat</b>", "a-supervisor"),
            ("+", "Hi {name}!", "a-supervisor"),
        ]

    def test_a_selection_is_deleted_by_somebody_too(self) -> None:
        client, row = browser("supervisor"), template()
        act = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(reverse(LIST), act)
        assert Template.history.first().history_user.username == "a-supervisor"

    def test_the_history_shows_every_version(self) -> None:
        client, row = browser("viewer"), template("First <i>")
        row.text = "Second <i>"
        row.save()
        page = client.get(reverse("admin:replies_template_history", args=[row.pk])).content.decode()
        assert "First &lt;i&gt;" in page
        assert "Second &lt;i&gt;" in page
        assert "<i>" not in page.split("<main", 1)[-1].replace("</i>", "") or "First <i>" not in page
        first = row.history.last()
        address = reverse("admin:replies_template_simple_history", args=[row.pk, first.history_id])
        assert "First &lt;i&gt;" in client.get(address).content.decode()

    @pytest.mark.parametrize(
        ("field", "value", "reason"),
        [
            ("text", "Hi {nme}", "{nme} is no variable. There are {name}"),
            ("text", "Hi {name.__class__}", "{name.__class__} is no variable"),
            ("text", "Hi {name", "A brace stands alone"),
            ("text", "x" * 460, "The text takes 4 SMS segments, and SMS_MAX_SEGMENTS allows 3."),
            ("text", "x" * 448 + "{name}", "The text takes 4 SMS segments"),
            ("mention", "{nme}", "{nme} is no variable"),
            ("mention", "ж" * 202, "The text takes 4 SMS segments, and SMS_MAX_SEGMENTS allows 3."),
            ("language", "tagalog", "is no language's code"),
            ("category", "undecided", "Select a valid choice"),
            ("category", "nothing", "Select a valid choice"),
        ],
    )
    def test_it_refuses_what_could_never_be_sent(self, field: str, value: str, reason: str) -> None:
        page: Any = browser("supervisor").post(reverse(ADD), form(**{field: value}))
        errors = page.context["adminform"].form.errors
        assert list(errors) == [field]
        assert reason in errors[field][0]

    def test_a_command_is_no_second_matter(self) -> None:
        page: Any = browser("supervisor").post(reverse(ADD), form(category="opt_out", mention="And bye."))
        assert "never a second matter" in page.context["adminform"].form.errors["mention"][0]

    def test_the_channels_limit_counts(self) -> None:
        channel = Channel.objects.create(slug="short", max_segments=1)
        client = browser("supervisor")
        page: Any = client.post(reverse(ADD), form(text="x" * 161, channel=str(channel.pk)))
        assert "the channel allows 1" in page.context["adminform"].form.errors["text"][0]

    def test_commands_can_be_answered(self) -> None:
        browser("supervisor").post(reverse(ADD), form(category="opt_out", text="Tapos na."))
        choosing.live.cache_clear()
        SenderPreference.objects.create(number=SENDER, language="tl")
        batch = arrive("STOP")
        process(batch.id, "worker")
        assert memory.outbox[0].body == "Tapos na."

    @pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
    def test_supervisors_write_them(self, role: str, code: int) -> None:
        client = browser(role)
        assert client.get(reverse(LIST)).status_code == 200
        assert client.post(reverse(ADD), form()).status_code == code


class TestPreview:
    def ask(self, client: Client, **changes: Any) -> dict[str, Any]:
        answer: dict[str, Any] = client.post(reverse(PREVIEW), form(**changes)).json()
        return answer

    def test_it_shows_what_would_be_sent(self) -> None:
        told = self.ask(browser("supervisor"), text="Hi {name}, {count} texts")
        assert told == {
            "text": "Hi Maria Santos, 3 texts",
            "told": "1 of 3 segments · 136 characters left · GSM-7 · 0.50 PHP",
            "problems": [],
        }

    def test_it_is_by_the_channels_terms(self) -> None:
        channel = Channel.objects.create(
            slug="c",
            name="Klinika",
            gsm_safe=True,
            max_segments=2,
            segment_credits=3,
            segment_price="0.1",
            currency="USD",
        )
        told = self.ask(browser("supervisor"), text="{channel} – " + "é" * 160, channel=str(channel.pk))
        assert told["text"] == "Klinika - " + "é" * 160
        assert (
            told["told"]
            == "2 of 2 segments · 136 characters left · GSM-7 · 0.20 USD, 6 credits · made GSM-safe"
        )

    def test_it_names_what_makes_it_long(self) -> None:
        told = self.ask(browser("supervisor"), text="Salamat –\u2009po")["told"]
        assert told.startswith("1 of 3 segments · 58 characters left · UCS-2 for – U+2009 · ")

    def test_it_shows_what_is_too_long_with_the_reason(self) -> None:
        told = self.ask(browser("supervisor"), text="x" * 460)
        assert (len(told["text"]), told["problems"]) == (
            460,
            ["The text takes 4 SMS segments, and SMS_MAX_SEGMENTS allows 3."],
        )

    @pytest.mark.parametrize("text", ["", "Hi {nme}", "Hi {"])
    def test_it_says_why_there_is_none(self, text: str) -> None:
        told = self.ask(browser("supervisor"), text=text)
        assert len(told["problems"]) == 1
        assert not told.get("text")

    def test_it_stores_nothing_and_is_for_those_who_see_templates(self, client: Client) -> None:
        self.ask(browser("viewer"))
        assert not Template.history.exists()
        assert client.post(reverse(PREVIEW), form()).status_code == 302
        assert browser("operator").get(reverse(PREVIEW)).status_code == 405


def test_a_replys_page_shows_template_and_cost(admin_client: Client) -> None:
    row = template()
    reply = done(closed("Yes")).replies.get()
    page = admin_client.get(reverse("admin:replies_reply_change", args=[reply.pk])).content.decode()
    version = row.history.get()
    assert reverse("admin:replies_template_simple_history", args=[row.pk, version.history_id]) in page
    assert "0.50 PHP" in page
    assert Reply.objects.get().template_version_id == version.history_id


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("language", "tagalog", "is no language"),
        ("currency", "PESO", "at most 3 characters"),
        ("currency", "P1", "is no currency"),
        ("currency", "USD", "needs a price"),
        ("segment_price", "-1", "less than nothing"),
        ("segment_credits", "-1", "less than nothing"),
        ("max_segments", "0", "is not between 1 and 10"),
        ("max_segments", "11", "is not between 1 and 10"),
    ],
)
def test_a_channel_refuses_terms_that_cannot_be(
    admin_client: Client, field: str, value: str, reason: str
) -> None:
    channel = Channel.objects.get(slug="default")
    address = reverse("admin:batches_channel_change", args=[channel.pk])
    page = admin_client.post(address, {field: value}).content.decode()
    assert reason in page
