"""Replies that have to wait, answers that come late, and conversations that nobody processed in time."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from batches import closing, pipeline
from batches.clock import Now
from batches.models import Batch, Channel, Message
from batches.reprocess import RESENT, reprocess
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import SendResult, accepted, refused, unknown
from tests.batches.conftest import age, arrive, closed, done, kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]

BUSY = refused("http_503", "try later", retryable=True)


@pytest.fixture
def queued() -> Batch:
    return closed("Yes")


class TestPostponed:
    def test_a_batch_waits_with_its_reply(self, queued: Batch, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(BUSY)
        batch = done(queued)
        assert (batch.status, batch.postponed, batch.outcome, batch.attempts) == ("closed", True, "", 0)
        assert kinds(batch)[-3:] == ["reply_sending", "reply_refused", "reply_postponed"]
        assert not batch.is_abandoned
        assert closing.reap() == 0

    def test_the_reaper_brings_it_back_when_its_time_has_come(
        self, queued: Batch, outbox: list[memory.Sms]
    ) -> None:
        memory.next_results.append(BUSY)
        done(queued)
        _come(queued)
        assert closing.reap() == 1
        batch = done(queued)
        assert (batch.status, batch.outcome, batch.postponed) == ("completed", "replied", False)
        assert [sms.reference for sms in outbox] == [str(Reply.objects.get().idempotency_key)] * 2

    def test_a_backlog_does_not_hold_it_up(self, queued: Batch, outbox: list[memory.Sms]) -> None:
        """It is in no queue, so however long the queue is, nobody else will bring it."""
        memory.next_results.append(BUSY)
        done(queued)
        _come(queued)
        closed("Another", "one")  # queued, and nobody works
        assert closing.reap() == 1

    def test_busy_after_an_attempt_that_may_have_left_is_told_as_busy(
        self, queued: Batch, outbox: list[memory.Sms]
    ) -> None:
        memory.next_results.extend([unknown("timeout", "No answer in time."), BUSY])
        done(queued)
        reprocess([queued.id], actor="ana", resend_unknown=True)
        batch = done(queued)
        assert (batch.postponed, batch.replies.get().status) == (True, "pending")
        assert kinds(batch)[-3:] == ["reply_sending", "reply_refused", "reply_postponed"]

    def test_it_is_classified_once(self, queued: Batch, outbox: list[memory.Sms]) -> None:
        memory.next_results.extend([BUSY, BUSY])
        for _ in range(3):
            done(queued)
        assert queued.classifications.count() == 1
        assert queued.outcome == "replied"

    def test_many_postponements_are_no_failed_attempts(
        self, queued: Batch, outbox: list[memory.Sms], settings: Any
    ) -> None:
        memory.next_results.extend([BUSY] * (settings.BATCH_MAX_ATTEMPTS + 3))
        for _ in range(settings.BATCH_MAX_ATTEMPTS + 4):
            done(queued)
        assert queued.outcome == "replied"

    def test_it_gives_up_when_the_reply_has_expired(self, queued: Batch, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(BUSY)
        done(queued)
        Reply.objects.update(expires_at="2026-01-01T00:00Z")
        batch = done(queued)
        assert (batch.status, batch.outcome, len(outbox)) == ("completed", "refused", 1)
        assert batch.reason.startswith("Not sent within 360 minutes.")

    def test_it_waits_for_its_turn(self, queued: Batch, outbox: list[memory.Sms], settings: Any) -> None:
        settings.SMS_SENDS_PER_MINUTE = 1
        done(queued)
        second = done(closed("Yes", "again"))
        assert (second.status, second.postponed, len(outbox)) == ("closed", True, 1)


def _come(batch: Batch) -> None:
    Batch.objects.filter(id=batch.id).update(lease_until="2026-01-01T00:00Z")


class TestLateAnswers:
    def test_it_corrects_what_was_settled_as_unknown(self, queued: Batch, outbox: list[memory.Sms]) -> None:
        def late() -> SendResult:
            """The lease runs out during the call, and the next worker settles the batch."""
            Reply.objects.update(sending_until="2026-01-01T00:00Z")
            Batch.objects.update(lease_until="2026-01-01T00:00Z")
            assert closing.reap() == 1
            assert done(Batch.objects.get()).outcome == "unknown"
            return accepted("late-1")

        memory.next_results.append(late)
        batch = done(queued)
        assert (batch.outcome, batch.reason, Reply.objects.get().status) == ("replied", "", "sent")
        assert kinds(batch)[-4:] == ["reply_unknown", "completed", "reply_sent", "outcome_corrected"]
        assert len(outbox) == 1


class TestDatabaseAwayAfterTheCall:
    def test_it_writes_the_answer_when_the_database_is_back(
        self, queued: Batch, outbox: list[memory.Sms]
    ) -> None:
        refusals = ["terminating connection", "the database system is starting up"]

        def away(execute: Any, sql: str, *rest: Any) -> Any:
            if outbox and refusals:
                raise OperationalError(refusals.pop())
            return execute(sql, *rest)

        with connection.execute_wrapper(away):
            pipeline.process(queued.id, "worker")
        queued.refresh_from_db()
        assert (queued.outcome, len(outbox), refusals) == ("replied", 1, [])
        assert Reply.objects.get().attempts.get().outcome == "accepted"


def test_a_key_that_cannot_be_read_fails_visibly_and_asks_nobody(
    queued: Batch, outbox: list[memory.Sms], settings: Any
) -> None:
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    Channel.objects.update(credentials="encrypted with a key that is lost")
    for _ in range(settings.BATCH_MAX_ATTEMPTS):
        done(queued)
        _come(queued)
        closing.reap()
    queued.refresh_from_db()
    assert (queued.status, queued.outcome, outbox) == ("failed", "error", [])
    assert "CREDENTIALS_KEYS" in queued.reason
    assert not queued.classifications.exists()


class TestStale:
    HOURS = 3600.0

    def _old(self) -> Batch:
        return done(closed("Yes", seconds=2 * self.HOURS))

    def test_it_holds_an_old_conversation_for_a_person(self, outbox: list[memory.Sms]) -> None:
        batch = self._old()
        assert (batch.status, batch.outcome, batch.label, outbox) == ("completed", "held", "agree", [])

    def test_a_person_may_have_it_answered(self, outbox: list[memory.Sms]) -> None:
        batch = self._old()
        [result] = reprocess([batch.id], actor="admin:ana")
        assert result.action == RESENT
        batch = done(batch)
        assert (batch.outcome, len(outbox)) == ("replied", 1)
        assert kinds(batch)[-6:] == [
            "reply_requeued",
            "requeued",
            "claimed",
            "reply_sending",
            "reply_sent",
            "completed",
        ]

    @pytest.mark.parametrize(("policy", "outcome"), [("answer", "replied"), ("skip", "suppressed")])
    def test_each_channel_has_its_policy(self, outbox: list[memory.Sms], policy: str, outcome: str) -> None:
        arrive("first")  # makes the channel
        Batch.objects.update(status="closed")
        Channel.objects.update(stale_policy=policy)
        assert self._old().outcome == outcome

    def test_the_age_is_a_setting(self, outbox: list[memory.Sms], settings: Any) -> None:
        settings.STALE_AFTER = 3 * self.HOURS
        assert self._old().outcome == "replied"

    def test_what_waited_in_the_spool_is_as_old_as_it_is(self, outbox: list[memory.Sms]) -> None:
        batch = closed("Yes")
        Message.objects.update(received_at=Now() - timedelta(seconds=2 * self.HOURS))
        assert done(batch).outcome == "held"

    def test_an_hour_of_retries_is_not_stale(self, queued: Batch, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(BUSY)
        done(queued)
        age(queued, 2 * self.HOURS)
        assert done(queued).outcome == "replied"


def test_all_completed_batches_are_not_sent_again_by_one_word(outbox: list[memory.Sms]) -> None:
    memory.next_results.append(refused("http_400", "no such number"))
    batch = done(closed("Yes"))
    with pytest.raises(CommandError, match="--id"):
        call_command("reprocess_batches", status="completed")
    call_command("reprocess_batches", status="completed", dry_run=True)
    call_command("reprocess_batches", id=[batch.id])
    assert done(batch).outcome == "replied"


def test_unknown_is_left_to_a_person(queued: Batch, outbox: list[memory.Sms]) -> None:
    memory.next_results.append(unknown("timeout", "no answer"))
    assert done(queued).outcome == "unknown"
    assert closing.reap() == 0
