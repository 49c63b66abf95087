"""A person's judgement of a verdict, and the correcting reply: sent once, whoever is at it at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django_q.models import OrmQ

from batches import closing
from batches import review as reviewing
from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.models import Batch, Channel
from batches.pipeline import process
from batches.reprocess import reprocess
from batches.review import Reviewed, review, why_not_answered
from batches.timeline import timeline
from classification.corrections import CannotCorrect
from classification.models import Classification, Correction
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.senders import memory
from replies.senders.base import refused, unknown
from tests.batches.conftest import closed, done, kinds
from tests.batches.test_closing import queued
from tests.batches.test_pipeline import lease_over

pytestmark = pytest.mark.django_db(transaction=True)

CONFIRMING, THANKING = "Thanks for confirming! See you soon.", "Thank you for replying."
STORY_OF_A_CORRECTION = [
    "corrected",
    "reopened",
    "reply_created",
    "claimed",
    "reply_sending",
    "reply_sent",
    "completed",
]


@pytest.fixture(autouse=True)
def _no_sample(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.CLASSIFICATION_REVIEW_SAMPLE = 0.0


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana")


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


def answered(*results: Any, sender: str = "+639171234567") -> Batch:
    """A conversation that was read as agreement, and whose reply met these answers of the provider."""
    memory.next_results.extend(results)
    batch = done(closed("Yes", sender=sender))
    OrmQ.objects.all().delete()
    return batch


def verdict(batch: Batch) -> Classification:
    return batch.classifications.get()


def bodies(outbox: list[memory.Sms]) -> list[str]:
    return [sms.body for sms in outbox]


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


class TestAtTheSameTime:
    def at_once(self, batch: Batch, *actions: Any) -> list[Any]:
        """Everybody's answer; workers settle the batch meanwhile."""

        def run(action: Any) -> Any:
            try:
                return action()
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(actions)) as pool:
            return [future.result() for future in [pool.submit(run, action) for action in actions]]

    def test_of_several_reviewers_one_reply_leaves(self, outbox: list[memory.Sms]) -> None:
        batch = answered()
        users = [User.objects.create_user(f"user{number}") for number in range(5)]
        one = verdict(batch)

        def judge(user: User) -> Reviewed:
            judged = review(one, user, "disagree", send=True)
            process(batch.id, "worker")
            return judged

        results = self.at_once(batch, *(lambda user=user: judge(user) for user in users))
        assert sorted(result.queued for result in results) == [False] * 4 + [True]
        assert all(result.unsent for result in results if not result.queued)
        assert Correction.objects.count() == 5
        assert bodies(outbox) == [CONFIRMING, THANKING]
        assert done(batch).outcome == Outcome.REPLIED

    def test_beside_a_reprocess_one_of_the_two_wins(self, ana: User, outbox: list[memory.Sms]) -> None:
        """A refused first reply: both may send, each another text. Whoever loses says so, and nothing leaves twice."""
        batch = answered(refused("no_credit", "No credit left."))
        outbox.clear()

        def correcting() -> bool:
            return review(verdict(batch), ana, "disagree", send=True).queued

        def pushing() -> bool:
            return reprocess([batch.id], actor="test")[0].action == "resent"

        corrected, pushed = self.at_once(batch, correcting, pushing)
        assert corrected != pushed
        assert done(batch).outcome == Outcome.REPLIED
        assert bodies(outbox) == [THANKING if corrected else CONFIRMING]

    def test_a_batch_that_moves_on_first_is_left_alone(
        self, ana: User, outbox: list[memory.Sms], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between looking and writing: the conditional update finds it gone, and nothing of the reply stays."""
        batch = answered()
        real = reviewing.why_not_answered

        def looked(batch: Batch, label: str) -> str:
            problem = real(batch, label)
            Batch.objects.filter(id=batch.id).update(status="closed", outcome="")
            return problem

        monkeypatch.setattr(reviewing, "why_not_answered", looked)
        judged = review(verdict(batch), ana, "disagree", send=True)
        assert (judged.queued, judged.unsent) == (False, reviewing.GONE_ON)
        assert (Reply.objects.count(), kinds(batch)[-1]) == (1, "corrected")


class TestKilled:
    def test_before_the_commit_nothing_is_left(
        self, ana: User, outbox: list[memory.Sms], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = answered()
        before = kinds(batch)

        def killed(_ids: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(reviewing, "enqueue", killed)
            with pytest.raises(KeyboardInterrupt):
                review(verdict(batch), ana, "disagree", send=True)
        batch.refresh_from_db()
        assert (batch.status, kinds(batch)) == (BatchStatus.COMPLETED, before)
        assert (Correction.objects.count(), Reply.objects.count()) == (0, 1)
        assert review(verdict(batch), ana, "disagree", send=True).queued  # and it can be done again

    def test_a_lost_task_is_queued_again(self, ana: User, outbox: list[memory.Sms]) -> None:
        batch = answered()
        review(verdict(batch), ana, "disagree", send=True)
        OrmQ.objects.all().delete()
        lease_over(batch)
        assert closing.reap() == 1
        assert queued() == [batch.id]
        done(batch)
        assert bodies(outbox) == [CONFIRMING, THANKING]

    def test_a_worker_that_dies_while_sending_leaves_it_unknown_and_sends_it_no_more(
        self, ana: User, outbox: list[memory.Sms], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = answered()
        review(verdict(batch), ana, "disagree", send=True)
        with monkeypatch.context() as patch:
            patch.setattr("replies.delivery.finish", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
            with pytest.raises(SystemExit):  # it has left, but nobody could write so
                process(batch.id, "worker")
        assert len(outbox) == 2
        lease_over(batch)
        closing.reap()
        assert done(batch).outcome == Outcome.UNKNOWN
        assert len(outbox) == 2
