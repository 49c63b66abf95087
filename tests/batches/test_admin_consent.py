"""The ledger of consent and the keywords in the admin."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches import keywords
from batches.models import Channel, Keyword
from replies import consent
from replies.models import Consent, ConsentState
from replies.standing import look
from tests.batches.conftest import SENDER, arrive, browser

pytestmark = pytest.mark.django_db
LIST = "admin:replies_consent_changelist"
FORM = "admin:replies_consent_record_consent"


def said(**changes: Any) -> dict[str, Any]:
    return {
        "number": "0917 123 4567",
        "channel": "",
        "state": "opted_out",
        "reason": "asked by phone",
    } | changes


class TestLedger:
    def test_it_is_found_by_the_number_in_any_spelling(self, admin_client: Client) -> None:
        arrive("STOP")
        for spelling in ("09171234567", "+63 917 123 4567", SENDER):
            assert SENDER in admin_client.get(reverse(LIST), {"q": spelling}).content.decode()
        assert SENDER not in admin_client.get(reverse(LIST), {"q": "+639171234568"}).content.decode()

    def test_it_can_be_filtered(self, admin_client: Client) -> None:
        arrive("STOP")
        for state, shown in (("opted_out", 1), ("opted_in", 0)):
            page = admin_client.get(reverse(LIST), {"state__exact": state})
            assert page.context["cl"].result_list.count() == shown

    def test_nothing_in_it_can_be_changed(self, admin_client: Client) -> None:
        arrive("<b>STOP</b>")
        arrive("STOP")
        row = Consent.objects.get()
        address = reverse("admin:replies_consent_change", args=[row.pk])
        assert admin_client.get(address).status_code == 200
        assert admin_client.post(address, {"state": "opted_in"}).status_code == 403
        assert admin_client.post(reverse("admin:replies_consent_delete", args=[row.pk])).status_code == 403
        assert Consent.objects.get().state == "opted_out"

    def test_strange_words_are_escaped(self, admin_client: Client) -> None:
        words = "=1+1 <script>\u202e"
        consent.decide(SENDER, None, ConsentState.OPTED_OUT, source="admin", words=words, actor="x")  # type: ignore[arg-type]
        page = admin_client.get(reverse(LIST)).content.decode()
        assert "&lt;script&gt;" in page
        assert "U+202E" in page

    def test_one_numbers_history_as_csv(self, admin_client: Client) -> None:
        arrive("STOP")
        arrive("START")
        arrive("STOP", sender="+639181111111")
        consent.decide(SENDER, None, ConsentState.OPTED_OUT, source="admin", words="=1+1", actor="x")  # type: ignore[arg-type]
        row = Consent.objects.order_by("id").first()
        assert row is not None
        answer: Any = admin_client.get(reverse("admin:replies_consent_export_history", args=[row.pk]))
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [(row["state"], row["words"], row["channel__slug"]) for row in rows] == [
            ("opted_out", "'=1+1", ""),
            ("opted_in", "START", "default"),
            ("opted_out", "STOP", "default"),
        ]


class TestByHand:
    def test_an_operator_opts_a_number_out(self, channel: Channel) -> None:
        answer = browser("operator").post(reverse(FORM), said(), follow=True)
        assert f"{SENDER}: opted out on every channel." in answer.content.decode()
        row = Consent.objects.get()
        assert (row.number, row.channel, row.state, row.source) == (SENDER, None, "opted_out", "admin")
        assert (row.words, row.actor, row.changed) == ("asked by phone", "admin:a-operator", True)
        assert look(SENDER, channel.id).opted_out

    def test_and_in_again(self, channel: Channel) -> None:
        arrive("STOP")
        browser("operator").post(reverse(FORM), said(state="opted_in", channel=channel.pk))
        assert not look(SENDER, channel.id).opted_out
        assert Consent.objects.count() == 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"reason": ""},
            {"reason": " "},
            {"number": "GLOBE"},
            {"number": ""},
            {"state": "x"},
            {"channel": "77"},
        ],
    )
    def test_it_wants_a_number_and_a_reason(self, admin_client: Client, wrong: dict[str, Any]) -> None:
        assert admin_client.post(reverse(FORM), said(**wrong)).status_code == 200
        assert not Consent.objects.exists()

    def test_looking_changes_nothing(self, admin_client: Client) -> None:
        assert admin_client.get(reverse(FORM), said()).status_code == 200
        assert not Consent.objects.exists()

    @pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 302), ("supervisor", 302)])
    def test_roles(self, role: str, code: int) -> None:
        arrive("STOP")
        client, row = browser(role), Consent.objects.get()
        assert client.post(reverse(FORM), said()).status_code == code
        export = client.get(reverse("admin:replies_consent_export_history", args=[row.pk]))
        assert (export.status_code == 403) == (code == 403)

    def test_a_batch_leads_to_it(self, admin_client: Client) -> None:
        batch = arrive("cancel po")
        page = admin_client.get(
            reverse("admin:batches_batch_consent_of_sender", args=[batch.pk]), follow=True
        )
        assert page.context["form"]["number"].value() == SENDER
        assert page.context["form"]["channel"].value() == str(batch.channel_id)


class TestKeywords:
    def test_a_supervisor_adds_one(self, channel: Channel) -> None:
        add = {"word": "Tama na!", "action": "stop", "channel": channel.pk, "language": "tl", "enabled": "on"}
        client = browser("supervisor")
        assert client.post(reverse("admin:batches_keyword_add"), add).status_code == 302
        keywords.live.cache_clear()
        assert keywords.live().command(channel.id, "tama na") == "stop"
        again = client.post(reverse("admin:batches_keyword_add"), add | {"word": "TAMA-NA"})
        assert "It is there already: Tama na!" in again.content.decode()

    def test_and_takes_one_away(self) -> None:
        row = Keyword.objects.get(word="CANCEL")
        address = reverse("admin:batches_keyword_delete", args=[row.pk])
        assert browser("operator").post(address, {"post": "yes"}).status_code == 403
        assert browser("supervisor").post(address, {"post": "yes"}).status_code == 302
        keywords.live.cache_clear()
        assert arrive("CANCEL").status == "open"
