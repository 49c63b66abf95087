"""Templates through the whole pipeline, and their editor in the admin."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.choices import Outcome
from batches.models import Batch, Channel, SenderPreference
from batches.pipeline import process
from batches.review import review, why_not_answered
from batches.timeline import timeline
from replies import choosing
from replies.models import Reply, Template
from replies.senders import memory
from tests.batches.conftest import SENDER, age, arrive, close_all, done
from tests.batches.test_admin_consent import browser

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:replies_template_changelist", "admin:replies_template_add"
PREVIEW = "admin:replies_template_preview"
OTHER = "+639181234567"


def template(text: str = "Salamat po!", **fields: Any) -> Template:
    choosing.live.cache_clear()
    return Template.objects.create(**{"category": "agree", "text": text} | fields)


def settled(*texts: str, sender: str = SENDER) -> Batch:
    batch = arrive(*texts, sender=sender)
    age(batch, 60)
    close_all()
    return done(batch)


@pytest.fixture(autouse=True)
def _replying(settings: Any) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.SMS_SEGMENT_PRICE = Decimal("0.50")
    memory.reset()


class TestPipeline:
    @pytest.mark.parametrize(
        ("texts", "own", "said"),
        [
            (["Yes I can help"], "", "Thanks!"),
            (["sige po pupunta ako"], "", "Salamat po!"),
            (["yes po pupunta ako"], "", "Salamat po!"),
            (["👍"], "", "Thanks!"),  # in no language: the channel's
            (["Yes I can help"], "tl", "Salamat po!"),
            (["sige po pupunta ako"], "en", "Thanks!"),
            (["Yes I can help"], "ceb", "Thanks!"),  # there is none in Cebuano
        ],
    )
    def test_it_speaks_the_senders_language(self, texts: list[str], own: str, said: str) -> None:
        Channel.objects.filter(slug="default").update(language="en")
        template("Salamat po!", language="tl")
        template("Thanks!", language="en")
        SenderPreference.objects.create(number=SENDER, language=own)
        batch = settled(*texts)
        assert (batch.outcome, [sms.body for sms in memory.outbox]) == (Outcome.REPLIED, [said])

    def test_it_knows_name_and_number_of_texts(self) -> None:
        template("Hi {name}, thanks for {count} texts to {channel}.")
        Channel.objects.filter(slug="default").update(name="Klinika")
        SenderPreference.objects.create(number=SENDER, name="Ana")
        settled("Yes", "I can")
        settled("Yes", sender=OTHER)
        assert [sms.body for sms in memory.outbox] == [
            "Hi Ana, thanks for 2 texts to Klinika.",
            "Thanks for confirming! See you soon.",
        ]

    def test_wordings_take_turns(self) -> None:
        for text in ("One", "Two"):
            template(text)
        for number in range(4):
            settled("Yes", sender=f"+63917123456{number}")
        assert sorted(sms.body for sms in memory.outbox) == ["One", "One", "Two", "Two"]

    def test_the_channels_own_is_its_own(self) -> None:
        template("Everywhere")
        template("Elsewhere", channel=Channel.objects.create(slug="other"))
        settled("Yes")
        assert memory.outbox[0].body == "Everywhere"

    def test_a_channels_terms_hold(self) -> None:
        Channel.objects.filter(slug="default").update(
            gsm_safe=True, segment_price="0.02", currency="USD", segment_credits=2
        )
        template("Salamat – “po”")
        reply = settled("Yes").replies.get()
        assert (reply.body, reply.made_gsm_safe) == ('Salamat - "po"', True)
        assert (reply.price, reply.currency, reply.credits) == (Decimal("0.02"), "USD", Decimal(2))

    def test_a_batch_costs_no_statement_more(self) -> None:
        def statements(sender: str) -> int:
            batch = arrive("Yes", sender=sender)
            age(batch, 60)
            close_all()
            with CaptureQueriesContext(connection) as captured:
                process(batch.id, "worker")
            return len(captured)

        settled("Yes", sender="+639181234569")
        without = statements("+639181234568")
        template("Hi {name}", gsm_safe=True)
        SenderPreference.objects.create(number=SENDER, name="Ana")
        choosing.live()
        assert statements(SENDER) == without

    def test_the_story_names_the_template_and_the_cost(self) -> None:
        row = template("Salamat – po", gsm_safe=True)
        batch = settled("Yes")
        facts = dict(next(entry for entry in timeline(batch) if entry.kind == "reply_created").facts)
        assert facts["Template"].startswith(f"Template {row.pk}, as saved 2")
        assert facts["Made GSM-safe"] == "characters were replaced"
        assert facts["Cost"] == "0.50 PHP"

    def test_a_correction_speaks_the_same_language(self, django_user_model: Any) -> None:
        template("Sayang naman.", category="disagree", language="tl")
        template("A pity.", category="disagree", language="en")
        batch = settled("sige po pupunta ako")
        assert why_not_answered(batch, "disagree") == ""
        reviewer = django_user_model.objects.create_superuser("ana")
        assert review(batch.classifications.get(), reviewer, "disagree", send=True).queued
        process(batch.id, "worker")
        assert memory.outbox[-1].body == "Sayang naman."


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
    reply = settled("Yes").replies.get()
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
