"""The correcting reply is sent once: with several at it at the same time, and whoever dies in the middle."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django_q.models import OrmQ

from batches import closing
from batches import review as reviewing
from batches.choices import BatchStatus, Outcome
from batches.models import Batch
from batches.pipeline import process
from batches.reprocess import reprocess
from batches.review import Reviewed, review
from classification.models import Correction
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import refused
from tests.batches.conftest import done, kinds
from tests.batches.review.conftest import CONFIRMING, THANKING, answered, bodies, verdict
from tests.batches.test_closing import queued
from tests.batches.test_pipeline import lease_over

pytestmark = pytest.mark.django_db(transaction=True)


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
