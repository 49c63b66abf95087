"""A person's judgement of a verdict, and the correcting reply."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.models import Batch, Channel
from batches.reprocess import reprocess
from batches.review import Reviewed, review, why_not_answered
from batches.timeline import timeline
from classification.corrections import CannotCorrect
from classification.models import Correction
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.senders import memory
from replies.senders.base import refused, unknown
from tests.batches.conftest import done, kinds
from tests.batches.review.conftest import CONFIRMING, THANKING, answered, bodies, verdict
from tests.batches.test_closing import queued

pytestmark = pytest.mark.django_db(transaction=True)
STORY_OF_A_CORRECTION = [
    "corrected",
    "reopened",
    "reply_created",
    "claimed",
    "reply_sending",
    "reply_sent",
    "completed",
]


class TestJudging:
    @pytest.mark.parametrize(("label", "kind"), [("agree", "confirmed"), ("disagree", "corrected")])
    def test_it_is_in_the_batchs_history(self, ana: User, label: str, kind: str) -> None:
        batch = answered()
        row = review(verdict(batch), ana, label).correction
        event = batch.events.last()
        assert event is not None
        assert (event.kind, event.actor) == (kind, "admin:ana")
        assert event.data == {"said": "agree", "means": label, "verdict": verdict(batch).id}
        assert (row.corrected, Batch.objects.get().label) == (label, "agree")

    def test_it_leaves_the_batch_alone_unless_asked(self, ana: User, outbox: list[memory.Sms]) -> None:
        batch = answered()
        assert review(verdict(batch), ana, "disagree") == Reviewed(Correction.objects.get())
        batch.refresh_from_db()
        assert (batch.status, queued(), len(outbox)) == (BatchStatus.COMPLETED, [], 1)

    def test_a_refused_judgement_leaves_no_trace(self, ana: User) -> None:
        batch = answered()
        before = kinds(batch)
        with pytest.raises(CannotCorrect):
            review(verdict(batch), ana, "nonsense", send=True)
        assert (kinds(batch), Correction.objects.count(), queued()) == (before, 0, [])

    def test_a_long_name_fits_into_the_history(self) -> None:
        name = "n" * 150
        review(verdict(answered()), User.objects.create_user(name), "agree")
        assert Batch.objects.get().events.filter(actor=f"admin:{name}"[:64]).exists()


class TestCorrectingReply:
    def test_it_goes_the_usual_way(self, ana: User, outbox: list[memory.Sms]) -> None:
        batch = answered()
        before = kinds(batch)
        judged = review(verdict(batch), ana, "disagree", send=True)
        assert (judged.queued, judged.unsent, queued()) == (True, "", [batch.id])
        assert done(batch).status == BatchStatus.COMPLETED
        assert (batch.outcome, batch.label) == (Outcome.REPLIED, "agree")
        assert kinds(batch) == before + STORY_OF_A_CORRECTION
        assert bodies(outbox) == [CONFIRMING, THANKING]
        assert list(batch.replies.order_by("id").values_list("kind", "status")) == [
            (ReplyKind.AUTOMATIC, ReplyStatus.SENT),
            (ReplyKind.CORRECTION, ReplyStatus.SENT),
        ]

    def test_the_history_tells_it_from_the_first(self, ana: User) -> None:
        batch = answered()
        review(verdict(batch), ana, "disagree", send=True)
        done(batch)
        told = [dict(entry.facts).get("Kind") for entry in timeline(batch) if entry.kind == "reply_created"]
        assert told == [None, "Correction by a person"]

    def test_a_confirmation_sends_nothing(self, ana: User, outbox: list[memory.Sms]) -> None:
        assert not review(verdict(answered()), ana, "agree", send=True).queued
        assert (queued(), len(outbox)) == ([], 1)

    @pytest.mark.parametrize(
        ("results", "change", "why"),
        [
            ([], {"settings": False}, "Automatic replies are switched off"),
            ([], {"channel": False}, "Automatic replies are switched off"),
            ([], {"text": "We got it."}, "only repeat the reply"),
            (
                [],
                {"text": "We got it.", "sent": "We got it. Prices are on our page."},
                "only repeat the reply",
            ),
            ([], {"sender_kind": "short_code"}, "is a short code"),
            ([], {"hours": 25}, "older than a day"),
            ([], {"credentials": "not to be decrypted"}, "key of the channel's provider cannot be read"),
            ([unknown("timeout", "")], {}, "Nobody knows whether"),
            ([], {"status": ReplyStatus.SENDING}, "being sent"),
            ([], {"status": ReplyStatus.PENDING}, "still to be sent"),
            ([], {"batch": {"status": "closed", "outcome": ""}}, "not settled"),
            ([], {"batch": {"status": "failed", "outcome": "undecided"}}, "not settled"),
        ],
    )
    def test_it_is_not_sent_when(
        self, ana: User, settings: Any, outbox: list[memory.Sms], results: Any, change: Any, why: str
    ) -> None:
        batch = answered(*results)
        if "settings" in change:
            settings.SMS_AUTO_REPLY_ENABLED = change["settings"]
        if "channel" in change:
            Channel.objects.update(auto_reply_enabled=change["channel"])
        if "credentials" in change:
            Channel.objects.update(credentials=change["credentials"])
        if "text" in change:
            settings.SMS_AUTO_REPLY_TEXT = change["text"]
            Reply.objects.update(body=change.get("sent", change["text"]))
        if "sender_kind" in change:
            Batch.objects.update(sender_kind=change["sender_kind"])
        if "hours" in change:
            Batch.objects.update(opened_at=Now() - timedelta(hours=change["hours"]))
        if "status" in change:
            Reply.objects.update(status=change["status"])
        if "batch" in change:
            Batch.objects.update(**change["batch"])
        before = Batch.objects.get(id=batch.id)
        judged = review(verdict(batch), ana, "disagree", send=True)
        assert not judged.queued
        assert why in judged.unsent
        assert why in why_not_answered(before, "disagree")
        assert judged.correction.corrected == "disagree"  # the judgement stands all the same
        assert (kinds(batch)[-1], queued(), len(outbox)) == ("corrected", [], 1)
        after = Batch.objects.get(id=batch.id)
        assert (after.status, Reply.objects.count()) == (before.status, 1)

    def test_it_may_follow_a_reply_that_never_left(self, ana: User, outbox: list[memory.Sms]) -> None:
        batch = answered(refused("no_credit", "No credit left."))
        assert review(verdict(batch), ana, "disagree", send=True).queued
        assert done(batch).outcome == Outcome.REPLIED
        assert bodies(outbox)[-1] == THANKING

    def test_a_refused_one_can_be_sent_again_like_any_other(
        self, ana: User, outbox: list[memory.Sms]
    ) -> None:
        batch = answered()
        review(verdict(batch), ana, "disagree", send=True)
        memory.next_results.append(refused("no_credit", "No credit left."))
        assert done(batch).outcome == Outcome.REFUSED
        assert reprocess([batch.id], actor="test")[0].action == "resent"
        assert done(batch).outcome == Outcome.REPLIED
        assert bodies(outbox) == [CONFIRMING, THANKING, THANKING]

    def test_it_is_the_only_one(self, ana: User, ben: User, outbox: list[memory.Sms]) -> None:
        batch = answered()
        review(verdict(batch), ana, "disagree", send=True)
        done(batch)
        assert "written already" in review(verdict(batch), ben, "neutral", send=True).unsent
        assert (queued(), len(outbox)) == ([batch.id], 2)
