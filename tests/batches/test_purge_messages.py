"""Old texts are emptied, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches import reprocess, takeovers
from batches.models import Batch, BatchEvent, Channel, RejectedDelivery
from batches.retention import purging
from batches.retention.purging import due, purge
from batches.review import review, why_not_answered
from batches.spool import here
from classification import corrections, reviewing
from classification.append_only import AppendOnlyError, AppendOnlyQuerySet
from classification.evaluation.cases import corrected
from classification.evaluation.suggestions import suggestions
from classification.models import Classification, Correction
from replies.models import Consent
from tests.batches.conftest import arrive
from tests.batches.traces import NUMBER, SECRET, beside, holding, skeleton, spooled, told
from tests.support.commands import as_json, printed

run = partial(printed, "purge_messages")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_spool")]


def document(*arguments: str) -> dict[str, Any]:
    return dict(as_json("purge_messages", *arguments)["channels"][0])


def default() -> Channel:
    return Channel.objects.get(slug="default")


class TestPurging:
    def test_no_copy_is_left_and_the_skeleton_stays(self) -> None:
        told()
        RejectedDelivery.objects.create(
            channel=default(), http_status=400, size=1, body=SECRET, errors=[SECRET]
        )
        RejectedDelivery.objects.update(at=timezone.now() - timedelta(days=10))
        assert len(holding(SECRET)) > 10
        before = skeleton()
        found = document("--older-than", "9d")
        assert (found["batches"], found["messages"], found["rejected"]) == (1, 2, 1)
        assert holding(SECRET) == []
        assert skeleton() == before

    def test_numbers_stay(self) -> None:
        batch = told()
        run("--older-than", "9d")
        batch.refresh_from_db()
        assert (batch.sender, batch.purged_at is not None) == (NUMBER, True)

    def test_what_is_younger_stays(self) -> None:
        told(days=8)
        before = holding(SECRET)
        assert document("--older-than", "9d")["batches"] == 0
        assert holding(SECRET) == before

    @pytest.mark.parametrize("status", ["open", "closed", "processing"])
    def test_what_is_not_settled_stays_and_is_purged_later(self, status: str) -> None:
        batch = told()
        Batch.objects.update(status=status, outcome="")
        assert document("--older-than", "9d")["batches"] == 0
        told(sender="+639170000002", days=10)
        assert document("--older-than", "9d")["batches"] == 1
        Batch.objects.filter(id=batch.id).update(status="completed", outcome="replied")
        assert document("--older-than", "9d")["batches"] == 1
        assert holding(SECRET) == []

    def test_a_dry_run_counts_and_changes_nothing(self) -> None:
        told()
        before = holding(SECRET)
        assert document("--older-than", "9d", "--dry-run")["messages"] == 2
        assert "Would be purged" in run("--older-than", "9d", "--dry-run")
        assert holding(SECRET) == before
        assert not Batch.objects.exclude(purged_at=None).exists()

    def test_a_second_run_finds_nothing(self) -> None:
        told()
        run("--older-than", "9d")
        assert document("--older-than", "9d")["batches"] == 0

    def test_events_keep_what_is_no_text(self) -> None:
        batch = told()
        run("--older-than", "9d")
        data = BatchEvent.objects.get(batch=batch, kind="reply_unknown").data
        assert data == {"reply_id": 1, "reason": "", "error": ""}

    def test_a_takeovers_note_goes_from_the_history(self) -> None:
        batch = told()
        takeovers.take_over([batch], timezone.now(), note=SECRET, actor="rey")
        run("--older-than", "9d")
        data = BatchEvent.objects.get(batch=batch, kind="taken_over").data
        assert (data.keys(), data["note"]) == ({"until", "note"}, "")

    def test_an_operators_reason_for_consent_stays(self) -> None:
        told()
        Consent.objects.create(
            number=NUMBER, state="opted_out", changed=False, source="admin", words="asked by phone",
            actor="admin:ana", said_at=timezone.now() - timedelta(days=99),
        )  # fmt: skip
        run("--older-than", "9d")
        assert set(Consent.objects.values_list("words", flat=True)) == {"", "asked by phone"}

    def test_what_the_spool_has_set_aside(self) -> None:
        spool = here()
        old = spooled()
        with spool.draining():  # the drainer of this process would store them
            spool.append([("default", old), ("default", spooled())])
            for entry in spool.first(2):
                spool.set_aside(entry, "DataError")
        assert document("--older-than", "1h")["spooled"] == 0
        with purged_clock(hours=2):
            assert document("--older-than", "1h")["spooled"] == 2
        assert spool.state().failed == 0


def purged_clock(hours: int) -> Any:
    """As if it were later."""
    from unittest.mock import patch

    later = timezone.now() + timedelta(hours=hours)
    return patch("batches.management.commands.purge_messages.timezone.now", return_value=later)


class TestHow:
    def test_in_small_transactions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(purging, "CHUNK", 2)
        for number in range(5):
            told(sender=f"+63917000001{number}", days=10 + number)
        before = timezone.now() - timedelta(days=9)
        assert list(purge(default(), before)) == [2, 2, 1]
        assert holding(SECRET) == []

    def test_it_can_be_stopped_and_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(purging, "CHUNK", 1)
        for number in range(3):
            told(sender=f"+63917000001{number}", days=10 + number)
        before = timezone.now() - timedelta(days=9)
        next(purge(default(), before))  # and then it is killed
        assert Batch.objects.filter(purged_at=None).count() == 2
        assert list(purge(default(), before)) == [1, 1]

    def test_it_remembers_up_to_where_nothing_is_left(self) -> None:
        before = timezone.now() - timedelta(days=9)
        stuck = told(days=20)
        Batch.objects.update(status="processing", outcome="")
        told(sender="+639170000002", days=15)
        assert list(purge(default(), before)) == [1]
        assert default().purged_until == stuck.opened_at
        Batch.objects.filter(id=stuck.id).update(status="completed", outcome="replied")
        assert list(purge(default(), before)) == [1]
        assert default().purged_until == before
        assert "opened_at" in str(due(default(), before).query)

    def test_a_long_history_costs_no_more_statements(self, django_assert_num_queries: Any) -> None:
        told()
        with django_assert_num_queries(24) as few:
            list(purge(default(), timezone.now() - timedelta(days=9)))
        for number in range(20):
            told(sender=f"+63917000001{number}", days=10)
        Channel.objects.update(purged_until=None)
        with django_assert_num_queries(len(few)):
            list(purge(default(), timezone.now() - timedelta(days=9)))


@pytest.mark.django_db(transaction=True)
def test_what_somebody_holds_is_left_for_the_next_run(settings: Any) -> None:
    if connection.vendor == "sqlite":
        return  # one writer at a time: nobody can hold a row beside it
    told()
    told(sender="+639170000002")
    before = timezone.now() - timedelta(days=9)

    def other() -> list[int]:
        try:
            return list(purge(default(), before))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        Batch.objects.select_for_update().get(sender=NUMBER)
        assert thread.submit(other).result(20) == [1]
    assert other() == [1]


class TestAfterwards:
    def test_nothing_is_done_again_with_what_is_empty(self, settings: Any) -> None:
        batch = told()
        reviewer = User.objects.create(username="ben")
        verdict = Classification.objects.get()
        run("--older-than", "9d")
        [result] = reprocess.reprocess([batch.id], actor="x", resend_unknown=True)
        assert (result.action, result.detail) == ("skipped", "its texts were purged")
        with pytest.raises(corrections.CannotCorrect, match="purged"):
            review(Classification.objects.get(id=verdict.id), reviewer, "agree")
        batch.refresh_from_db()
        assert "purged" in why_not_answered(batch, "agree")

    def test_it_is_in_no_queue_and_no_measure(self) -> None:
        told()
        Correction.objects.all()._raw_delete("default")
        assert reviewing.waiting().count() == 1
        run("--older-than", "9d")
        assert reviewing.waiting().count() == 0
        told()
        run("--older-than", "9d")
        assert (corrected(["disagree"]), suggestions()) == ([], [])

    def test_the_page_says_so(self, admin_client: Client) -> None:
        batch = told()
        run("--older-than", "9d")
        page = admin_client.get(reverse("admin:batches_batch_change", args=[batch.pk])).content.decode()
        assert "Texts purged" in page
        classification = reverse(
            "admin:classification_classification_change", args=[Classification.objects.get().pk]
        )
        assert admin_client.get(classification).status_code == 200


class TestDoor:
    def test_only_texts_go_through_it(self) -> None:
        told()
        for name, value in (("created_at", timezone.now()), ("latency_ms", 1)):
            with pytest.raises(AppendOnlyError, match=name):
                AppendOnlyQuerySet(Classification).redact_rows(**{name: value})
        with pytest.raises(AppendOnlyError, match="state"):
            AppendOnlyQuerySet(Consent).redact_rows(state="opted_in")


def test_a_new_message_of_the_same_sender_is_a_conversation_of_its_own() -> None:
    old = told()
    beside()
    run("--older-than", "9d")
    assert arrive("hello", sender=NUMBER).id != old.id
