"""From a closed batch to its end: once, whoever dies on the way."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from batches import pipeline, state
from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.closing import reap
from batches.models import Batch, Channel
from batches.pipeline import process
from batches.work import load
from classification import services as classification
from classification.asking import ENGINES
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import Account, refused, unknown
from tests.batches.conftest import arrive, closed, done, kinds
from tests.support.engines import Broken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]
WHOLE_STORY = [
    "opened",
    "closed",
    "claimed",
    "classified",
    "reply_created",
    "reply_sending",
    "reply_sent",
    "completed",
]


def lease_over(batch: Batch) -> None:
    Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
    Reply.objects.filter(batch=batch, status="sending").update(sending_until=Now() - timedelta(seconds=1))


class TestStory:
    def test_it_goes_through_every_step_once(self, outbox: list[memory.Sms]) -> None:
        batch = done(closed("Yes"))
        assert (batch.status, batch.outcome, batch.label) == (BatchStatus.COMPLETED, Outcome.REPLIED, "agree")
        assert kinds(batch) == WHOLE_STORY
        assert [(sms.to, sms.body) for sms in outbox] == [
            ("+639171234567", "Thanks for confirming! See you soon.")
        ]

    def test_it_classifies_the_texts_together_and_in_order(self) -> None:
        batch = done(closed("Yes", "ay hindi pala", "sorry I cannot"))
        assert batch.label == "disagree"
        assert batch.classifications.count() == 1

    def test_it_does_nothing_with_a_batch_that_is_not_closed(self, outbox: list[memory.Sms]) -> None:
        batch = done(arrive("Yes"))
        assert (batch.status, outbox) == (BatchStatus.OPEN, [])

    def test_it_does_nothing_the_second_time(self, outbox: list[memory.Sms]) -> None:
        batch = done(done(closed("Yes")))
        assert len(outbox) == 1
        assert kinds(batch) == WHOLE_STORY

    def test_it_answers_nobody_when_replies_are_off(self, settings: Any, outbox: list[memory.Sms]) -> None:
        settings.SMS_AUTO_REPLY_ENABLED = False
        batch = done(closed("Yes"))
        assert (batch.outcome, outbox) == (Outcome.DISABLED, [])
        assert batch.replies.get().status == "suppressed"

    def test_a_channels_switch_comes_before_the_setting(self, outbox: list[memory.Sms]) -> None:
        Channel.objects.update_or_create(slug="default", defaults={"auto_reply_enabled": False})
        assert done(closed("Yes")).outcome == Outcome.DISABLED

    def test_it_answers_no_sender_that_is_not_a_number(self, outbox: list[memory.Sms]) -> None:
        batch = done(closed("Your code is 1234", sender="GLOBE"))
        assert (batch.outcome, outbox) == (Outcome.SUPPRESSED, [])

    def test_an_outage_is_not_an_answer(
        self, monkeypatch: pytest.MonkeyPatch, outbox: list[memory.Sms]
    ) -> None:
        monkeypatch.setitem(ENGINES, "rules", Broken())
        batch = done(closed("Yes"))
        assert (batch.status, batch.outcome) == (BatchStatus.FAILED, Outcome.UNDECIDED)
        assert (batch.label, outbox) == ("undecided", [])

    @pytest.mark.parametrize(
        ("result", "outcome", "event"),
        [
            (refused("no_credit", "No credit left."), Outcome.REFUSED, "reply_refused"),
            (unknown("timeout", "No answer in time."), Outcome.UNKNOWN, "reply_unknown"),
        ],
    )
    def test_a_reply_that_did_not_leave_is_no_success(
        self, result: Any, outcome: Outcome, event: str
    ) -> None:
        memory.next_results.append(result)
        batch = done(closed("Yes"))
        assert (batch.status, batch.outcome) == (BatchStatus.COMPLETED, outcome)
        assert batch.reason == result.error
        assert event in kinds(batch)


class TestLogs:
    def lines(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "batches.log_lines"]

    def test_it_speaks_the_operators_words(self, caplog: pytest.LogCaptureFixture) -> None:
        batch = closed("Yes", "I can help", sender="09123456789")
        caplog.set_level(logging.INFO)
        process(batch.id, "worker")
        guids = list(batch.messages.values_list("provider_message_id", flat=True))
        assert self.lines(caplog) == [
            "BATCH RECEIVED | From: 09123456789 | Count: 2",
            f'  └─ Message 1/2 | GUID: {guids[0]} | Text: "Yes"',
            f'  └─ Message 2/2 | GUID: {guids[1]} | Text: "I can help"',
            "CONSOLIDATED CLASSIFICATION ✓ AGREE | From: 09123456789 | Method: Rule-based | Messages: 2",
            'AUTO-REPLY SENT (batch) | To: +639123456789 | Messages: 2 | "Thanks for confirming! See you soon."',
            "BATCH PROCESSING COMPLETE | From: 09123456789 | Result: AGREE | Messages: 2",
        ]

    def test_a_failed_reply_is_not_called_sent(self, caplog: pytest.LogCaptureFixture) -> None:
        memory.next_results.append(refused("no_credit", "No credit left."))
        batch = closed("No")
        caplog.set_level(logging.INFO)
        process(batch.id, "worker")
        text = "\n".join(self.lines(caplog))
        assert "AUTO-REPLY FAILED (batch) | To: +639171234567 | Error: No credit left." in text
        assert "✗ NOT AGREE" in text
        assert "AUTO-REPLY SENT" not in text


class Killed(BaseException):
    """The process ends here: nothing after it runs, as with kill -9."""


def die(*_args: Any, **_kwargs: Any) -> None:
    raise Killed


# Where a worker may die, what the next one must not repeat, and what the batch must come to.
DEATHS = [
    ("batches.pipeline.classification.classify", Outcome.REPLIED, 1),
    ("batches.pipeline.classification.record", Outcome.REPLIED, 1),
    ("batches.pipeline.replies.prepare", Outcome.REPLIED, 1),
    ("batches.pipeline.history.note_all", Outcome.REPLIED, 1),
    (
        "batches.pipeline.log_lines.classified",
        Outcome.UNKNOWN,
        0,
    ),  # written down as being sent: nobody can tell
    ("replies.delivery._ask", Outcome.UNKNOWN, 0),
    ("replies.delivery.finish", Outcome.UNKNOWN, 1),
    ("batches.pipeline.state.complete", Outcome.UNKNOWN, 1),
    ("batches.pipeline.log_lines.settled", None, 1),
]


class TestDeath:
    @pytest.mark.parametrize(("point", "outcome", "sent"), DEATHS)
    def test_the_next_worker_finishes_what_one_left(
        self,
        monkeypatch: pytest.MonkeyPatch,
        outbox: list[memory.Sms],
        point: str,
        outcome: Outcome | None,
        sent: int,
    ) -> None:
        batch = closed("Yes")
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(point, die)
            process(batch.id, "worker")
        if outcome:
            lease_over(batch)
            assert reap() == 1
        batch = done(batch)
        expected = outcome or Outcome.REPLIED  # None: the batch was settled already
        assert (batch.status, batch.outcome, len(outbox)) == (BatchStatus.COMPLETED, expected, sent)
        assert batch.classifications.count() == 1

    def test_a_worker_whose_batch_was_taken_over_writes_nothing(
        self, monkeypatch: pytest.MonkeyPatch, outbox: list[memory.Sms]
    ) -> None:
        batch = closed("Yes")
        classify = classification.classify

        def slow(texts: list[str], **told: Any) -> Any:
            decision = classify(texts, **told)
            if batch.classifications.count() == 0 and Batch.objects.get(id=batch.id).attempts == 1:
                lease_over(batch)
                reap()
                process(batch.id, "faster worker")
            return decision

        monkeypatch.setattr(classification, "classify", slow)
        batch = done(batch)
        assert (batch.outcome, len(outbox), batch.classifications.count()) == (Outcome.REPLIED, 1, 1)
        assert {e.actor for e in batch.events.filter(kind="completed")} == {"faster worker"}

    def test_it_gives_up_visibly(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        settings.BATCH_MAX_ATTEMPTS = 2

        def broken(*_args: Any) -> None:
            raise RuntimeError("a fault in the program")

        monkeypatch.setattr("batches.pipeline.classification.record", broken)
        batch = closed("Yes")
        assert done(batch).status == BatchStatus.PROCESSING
        lease_over(batch)
        reap()
        batch = done(batch)
        assert (batch.status, batch.outcome) == (BatchStatus.FAILED, Outcome.ERROR)
        assert "a fault in the program" in batch.reason

    def test_it_ends_a_batch_that_kills_its_workers(
        self, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.BATCH_MAX_ATTEMPTS = 2
        batch = closed("Yes")
        monkeypatch.setattr(classification, "classify", die)
        for _ in range(2):
            with pytest.raises(Killed):
                process(batch.id, "worker")
            lease_over(batch)
            reap()
        batch = done(batch)
        assert (batch.status, batch.outcome) == (BatchStatus.FAILED, Outcome.ERROR)
        assert "was killed" in batch.reason

    def test_it_waits_for_a_send_that_is_under_way(self, outbox: list[memory.Sms]) -> None:
        batch = closed("Yes")
        token = uuid4()
        state.claim(batch.id, token, timedelta(seconds=60), "first")
        work = load(batch.id, token, "first")
        with transaction.atomic():
            pipeline._write_verdict(work, classification.classify(["Yes"]), Account())
        Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
        reap()
        batch = done(batch)
        assert (batch.status, outbox) == (BatchStatus.PROCESSING, [])


class TestAtOnce:
    def test_eight_workers_make_one_verdict_and_one_reply(self, outbox: list[memory.Sms]) -> None:
        batch = closed("Yes")

        def work(_turn: int) -> None:
            try:
                process(batch.id, "worker")
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(work, range(8)))
        batch.refresh_from_db()
        assert (batch.status, len(outbox), batch.classifications.count()) == (BatchStatus.COMPLETED, 1, 1)
        assert kinds(batch) == WHOLE_STORY
