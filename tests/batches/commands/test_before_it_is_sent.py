"""What has not left when a STOP comes is not sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.closing import reap
from batches.models import Batch
from batches.reprocess import reprocess
from batches.review import why_not_answered
from batches.terms import terms_of
from classification import services as classification
from replies import services
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import refused
from tests.batches.commands.conftest import say, sent, settle, work
from tests.batches.conftest import SENDER, arrive, kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestBeforeItIsSent:
    """A STOP that comes while an ordinary reply is on its way."""

    def test_while_an_engine_thinks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        batch, classify = arrive("Yes"), classification.classify

        def slow(*arguments: Any, **options: Any) -> Any:
            arrive("STOP")
            return classify(*arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(classification, "classify", slow)
            settle(batch)
        work()
        assert (batch.outcome, batch.label, batch.replies.get().reason) == (
            "suppressed",
            "agree",
            "opted_out",
        )
        assert sent() == ["out"]

    def postponed(self) -> Batch:
        memory.next_results.append(refused("http_429", "Slow down.", retryable=True))
        batch = say("Yes")
        assert batch.replies.get().status == "pending"
        return batch

    def due(self, batch: Batch) -> Batch:
        Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
        reap()
        return settle(batch)

    def test_while_it_waits_for_its_turn(self) -> None:
        batch = self.postponed()
        say("STOP")
        batch = self.due(batch)
        assert (batch.status, batch.outcome) == (BatchStatus.COMPLETED, Outcome.SUPPRESSED)
        reply = batch.replies.get()
        assert (reply.status, reply.reason, reply.attempt_count) == ("suppressed", "opted_out", 1)
        assert kinds(batch)[-2:] == ["reply_withdrawn", "completed"]
        assert sent()[1:] == ["out"]

    def test_what_may_have_left_is_not_called_withdrawn(self) -> None:
        batch = self.postponed()
        batch.replies.get().attempts.update(outcome="unknown")
        say("STOP")
        batch = self.due(batch)
        assert (batch.outcome, batch.replies.get().reason) == (Outcome.UNKNOWN, "opted_out")

    def test_a_confirmation_that_waits_is_withdrawn_when_the_opposite_was_said(self) -> None:
        memory.next_results.append(refused("http_429", "Slow down.", retryable=True))
        batch = say("STOP")
        say("START")
        assert self.due(batch).replies.get().reason == "superseded"
        assert sent()[1:] == ["in"]

    def test_before_the_first_worker_came_the_last_word_counts(self) -> None:
        arrive("STOP")
        arrive("START")
        work()
        assert sent() == ["in"]
        assert list(Reply.objects.order_by("id").values_list("kind", "reason")) == [
            ("stop", "superseded"),
            ("start", ""),
        ]

    @pytest.mark.parametrize("path", ["resend", "reprocess", "correction"])
    def test_nobody_sends_it_by_hand_either(self, path: str) -> None:
        memory.next_results.append(refused("no_credit", "No credit left."))
        batch = say("Yes")
        say("STOP")
        if path == "resend":
            assert not services.resend(
                batch.replies.get().id, terms=terms_of(batch.channel), record=lambda *_: None
            )
        elif path == "reprocess":
            [result] = reprocess([batch.id], actor="ana", resend_unknown=True)
            assert (result.action, "opted out" in result.detail) == ("skipped", True)
        else:
            assert "opted out" in why_not_answered(batch, "disagree")
        assert sent()[1:] == ["out"]

    def test_a_correction_that_waits_is_withdrawn(self) -> None:
        batch = say("Yes")
        with transaction.atomic():
            reply = services.prepare_correction(
                services.Conversation(batch.id, batch.channel_id, SENDER),
                "disagree",
                record=lambda *_: None,
            )
        say("STOP")
        reply = services.send_once(reply.id, record=lambda *_: None)
        assert (reply.status, reply.reason, sent()) == ("suppressed", "opted_out", ["thanks", "out"])

    def test_a_refused_confirmation_may_be_sent_again(self) -> None:
        memory.next_results.append(refused("no_credit", "No credit left."))
        batch = say("STOP")
        assert reprocess([batch.id], actor="ana")[0].action == "resent"
        assert settle(batch).outcome == Outcome.REPLIED
