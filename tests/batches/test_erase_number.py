"""One number is taken out of the record; the counts, and an opt-out, stay."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from batches.models import Batch, Channel, Message, RejectedDelivery, SenderPreference
from batches.spool import here
from classification.pseudonym import PREFIX, pseudonym
from replies import consent
from replies.models import Consent, ConsentSource, ConsentState
from replies.standing import look
from tests.batches.conftest import arrive
from tests.batches.traces import DIGITS, NUMBER, RAW, SECRET, beside, holding, skeleton, spooled, told
from tests.support.commands import printed

run = partial(printed, "erase_number")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_spool")]

OTHER = "+639180000002"


def erase(number: str = NUMBER) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(number, "--yes", "--json"))
    return found


class TestErasing:
    def test_nothing_is_left_and_the_skeleton_stays(self) -> None:
        told()
        told(days=3)
        beside()
        before = skeleton()
        assert len(holding(DIGITS)) > 8
        found = erase()
        assert (found["batches"], found["messages"], found["preferences"], found["rejected"]) == (2, 4, 1, 1)
        assert (holding(DIGITS), holding(SECRET), holding("0917 000")) == ([], [], [])
        assert skeleton() == before

    @pytest.mark.parametrize(
        "spelling",
        [NUMBER, "0917 000 0001", "(0917) 000-0001", "tel:+63 917 000 0001", "639170000001", " 09170000001 "],
    )
    def test_in_every_spelling(self, spelling: str) -> None:
        told()
        assert erase(spelling)["batches"] == 1
        assert holding(DIGITS) == []

    def test_other_people_stay(self) -> None:
        told(sender=OTHER, raw="0918 000 0002")
        before = holding(SECRET)
        told()
        erase()
        assert holding(SECRET) == before
        assert Batch.objects.filter(sender=OTHER, purged_at=None).count() == 1

    def test_one_number_keeps_one_name(self) -> None:
        told()
        told(days=3)
        erase()
        names = set(Batch.objects.values_list("sender", flat=True))
        assert names == {pseudonym(NUMBER)}
        assert set(Message.objects.values_list("sender", "sender_raw")) == {(pseudonym(NUMBER),) * 2}
        assert names.pop().startswith(PREFIX)
        told()
        erase()
        assert Batch.objects.filter(sender=pseudonym(NUMBER)).count() == 3

    def test_a_sender_that_is_no_number(self) -> None:
        told(sender="GCash", raw="GCash")
        assert erase("GCash")["batches"] == 1
        assert (holding("GCash"), holding(SECRET)) == ([], [])

    def test_ids_that_were_made_of_the_number(self) -> None:
        told()
        erase()
        ids = list(Message.objects.order_by("id").values_list("provider_message_id", flat=True))
        assert ids[0].startswith(PREFIX)
        assert ids[1].startswith("guid-")
        assert len(set(ids)) == 2

    def test_what_is_under_way_is_told_of_and_erased_later(self) -> None:
        told()
        batch = arrive(SECRET, sender=NUMBER)
        with pytest.raises(CommandError, match="1 are not settled yet"):
            erase()
        assert Batch.objects.get(sender=NUMBER).id == batch.id
        Batch.objects.filter(id=batch.id).update(status="completed", outcome="replied")
        erase()
        assert holding(DIGITS) == []

    def test_the_spool(self) -> None:
        spool = here()
        with spool.draining():  # the drainer of this process would store what waits
            spool.append([("default", spooled()), ("default", spooled(OTHER)), ("default", spooled())])
            spool.set_aside(spool.first(1)[0], "DataError")
            with pytest.raises(CommandError, match="1 are not settled yet"):
                erase()
            assert (spool.state().failed, spool.state().waiting) == (0, 2)

    @pytest.mark.parametrize("name", [NUMBER, "GCash", "2920"])
    def test_what_was_set_aside_of_it_in_any_spelling(self, name: str) -> None:
        raw, spool = {NUMBER: "0917 000-0001", "2920": "2920"}.get(name, name), here()
        others = [spooled(OTHER), spooled("GCash2"), replace(spooled("29201"), text="of GCash: 2920")]
        with spool.draining():
            spool.append([("default", sms) for sms in (*others, spooled(raw), spooled(raw))])
            for entry in spool.first(4):
                spool.set_aside(entry, "DataError")
            with pytest.raises(CommandError, match="1 are not settled yet"):
                erase(name)
        assert sorted(entry.message().sender_raw for entry in spool.failed(9)) == [OTHER, "29201", "GCash2"]

    def test_what_was_set_aside_and_quotes_it_or_cannot_be_read(self) -> None:
        spool = here()
        quoting = replace(spooled(OTHER), text="call (0917) 000-0001")
        with spool.draining():
            spool.append([("default", quoting), ("default", spooled(RAW)), ("default", spooled(OTHER))])
            with closing(sqlite3.connect(spool.path)) as file, file:
                file.execute(
                    "UPDATE pending SET message = '{\"from\": \"' || ? || '\"}' WHERE id = 2", (RAW,)
                )
            for entry in spool.first(3):
                spool.set_aside(entry, "DataError")
            assert erase()["spooled"] == 2
        assert [entry.message().sender_raw for entry in spool.failed(9)] == [OTHER]

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            (NUMBER, '{"from": "0917 000-0001"}'),
            (NUMBER, "from=%2B63+917+000+0001"),
            (NUMBER, "(0917) 000.0001"),
            (NUMBER, "number=%280917%29+000%200001&message=Yes"),
            ("GCash", '{"from": "GCash"}'),
            ("2920", '{"from": 2920}'),
        ],
    )
    def test_rejected_deliveries_in_any_spelling(self, name: str, body: str) -> None:
        for text in (body, "GCash2 29201 0917 000 0002"):
            RejectedDelivery.objects.create(http_status=400, size=1, body=text)
        assert erase(name)["rejected"] == 1
        assert list(RejectedDelivery.objects.exclude(body="").values_list("body", flat=True)) == [
            "GCash2 29201 0917 000 0002"
        ]

    @pytest.mark.parametrize("nothing", ["", " ", "-", '"'])
    def test_what_is_no_name_is_nobodys(self, nothing: str) -> None:
        RejectedDelivery.objects.create(http_status=400, size=1, body='{"from": "-"}')
        assert erase(nothing)["rejected"] == 0

    def test_a_number_that_nobody_knows(self) -> None:
        told(sender=OTHER)
        assert erase()["batches"] == 0

    def test_one_that_could_be_two_peoples(self) -> None:
        Channel.objects.create(slug="other", region="US")
        Channel.objects.create(slug="here", region="SG")
        with pytest.raises(CommandError, match="more than one country"):
            for digits in ("2025550123", "81234567", "91234567", "2015550123"):
                Channel.objects.filter(slug="here").update(region="GR" if digits.startswith("2") else "SG")
                Channel.objects.filter(slug="other").update(region="US" if digits.startswith("2") else "DK")
                run(digits, "--dry-run")


class TestOptOut:
    def test_it_outlives_the_number(self) -> None:
        told()
        channel = Channel.objects.get(slug="default").pk
        assert look(NUMBER, channel).opted_out
        erase()
        assert set(Consent.objects.values_list("number", "words")) == {(pseudonym(NUMBER), "")}
        assert (look(NUMBER, channel).opted_out, look(OTHER, channel).opted_out) == (True, False)

    def test_whoever_opts_in_again_is_in(self) -> None:
        told()
        erase()
        consent.decide(NUMBER, None, ConsentState.OPTED_IN, source=ConsentSource.ADMIN, words="x", actor="x")
        assert not look(NUMBER, Channel.objects.get(slug="default").pk).opted_out
        assert consent.history(NUMBER).count() == 2

    def test_no_automatic_replies_becomes_an_opt_out(self) -> None:
        SenderPreference.objects.create(number=NUMBER, no_auto_replies=True)
        erase()
        assert not SenderPreference.objects.exists()
        assert look(NUMBER, Channel.objects.get(slug="default").pk).opted_out
        assert holding(DIGITS) == []

    def test_another_key_is_another_name(self, settings: Any) -> None:
        before = pseudonym(NUMBER)
        settings.ERASURE_KEY = "another"
        assert pseudonym(NUMBER) != before

    def test_operators_find_it_by_the_number(self, admin_client: Client) -> None:
        told()
        erase()
        page = admin_client.get(reverse("admin:replies_consent_changelist"), {"q": "0917 000 0001"})
        assert pseudonym(NUMBER) in page.content.decode()


class TestCommand:
    def test_a_dry_run_changes_nothing(self) -> None:
        told()
        beside()
        before = (holding(DIGITS), holding(SECRET))
        text = run(NUMBER, "--dry-run")
        assert pseudonym(NUMBER) in text
        assert "Conversations" in text
        assert (holding(DIGITS), holding(SECRET)) == before

    def test_it_asks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told()
        with pytest.raises(CommandError, match="say --yes"):
            run(NUMBER)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda _: "n")
        with pytest.raises(CommandError, match="nothing was erased"):
            run(NUMBER)
        assert holding(DIGITS)
        monkeypatch.setattr("builtins.input", lambda _: "y")
        run(NUMBER)
        assert holding(DIGITS) == []

    def test_the_log_does_not_name_it(self, caplog: pytest.LogCaptureFixture) -> None:
        told()
        caplog.clear()
        with caplog.at_level("INFO"):
            erase()
        assert caplog.text == ""  # stdout is the document's alone


def test_a_rejected_delivery_of_somebody_else_stays() -> None:
    RejectedDelivery.objects.create(http_status=400, size=1, body=f"from {OTHER}")
    told()
    erase()
    assert RejectedDelivery.objects.get().body
