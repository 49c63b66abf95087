"""A sender has written on, and the later batch's worker takes what has not been answered."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from batches import closing, state, superseding
from batches.choices import Outcome
from batches.models import Batch
from batches.pipeline import process
from batches.work import LeaseLost, load
from classification import services as classification
from replies.case import ALLOWED
from replies.senders import memory
from replies.senders.base import accepted
from tests.batches.conftest import arrive, closed, done, kinds
from tests.batches.superseding.conftest import BUSY, finish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestTheLaterWorkerComesFirst:
    def test_it_takes_what_nobody_has_begun(
        self, outbox: list[memory.Sms], understood: list[list[str]]
    ) -> None:
        first, second = closed("Yes"), closed("at 6")
        second = done(second)
        first = done(first)  # its task comes too late
        assert (first.outcome, first.successor_id, first.attempts) == (Outcome.SUPERSEDED, second.id, 0)
        assert (second.outcome, understood) == (Outcome.REPLIED, [["Yes", "at 6"]])
        assert len(outbox) == 1

    def test_it_takes_one_that_is_just_being_classified(
        self, outbox: list[memory.Sms], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = closed("Yes"), closed("at 6")
        classify = classification.classify

        def slow(some: list[str], **context: Any) -> Any:
            if some == ["Yes"]:
                process(second.id, "faster worker")
            return classify(some, **context)

        monkeypatch.setattr(classification, "classify", slow)
        first = done(first)
        assert (first.outcome, first.successor_id) == (Outcome.SUPERSEDED, second.id)
        assert (first.classifications.count(), len(outbox)) == (0, 1)

    def test_it_takes_a_reply_that_waits(self, outbox: list[memory.Sms], understood: list[list[str]]) -> None:
        memory.next_results.append(BUSY)
        first = done(closed("Yes"))
        second = finish(arrive("at 6"))
        first.refresh_from_db()
        assert (first.outcome, first.successor_id, first.postponed) == (Outcome.SUPERSEDED, second.id, False)
        assert kinds(first)[-2:] == ["reply_withdrawn", "completed"]
        assert (second.outcome, understood[-1]) == (Outcome.REPLIED, ["Yes", "at 6"])
        assert closing.reap() == 0

    def test_it_takes_what_waits_for_its_turn(self, settings: Any, outbox: list[memory.Sms]) -> None:
        settings.SMS_SENDS_PER_MINUTE = 1
        done(closed("Yes", "first of all"))
        later = done(closed("Yes", sender="+639181234567"))
        assert (later.status, len(outbox)) == ("closed", True)
        last = finish(arrive("at 6", sender="+639181234567"))
        later.refresh_from_db()
        assert (later.outcome, later.successor_id) == (Outcome.SUPERSEDED, last.id)

    def test_it_leaves_a_reply_that_is_under_way(self, outbox: list[memory.Sms]) -> None:
        first, second = closed("Yes"), closed("at 6")

        def meanwhile() -> Any:
            assert done(second).carry_overs == 0
            return accepted("m-1")

        memory.next_results.append(meanwhile)
        with pytest.MonkeyPatch.context() as patch:  # as if it had been written before the other one came
            patch.setattr("batches.superseding.give_way", lambda *_: ALLOWED)
            first = done(first)
        assert (first.outcome, len(outbox)) == (Outcome.REPLIED, 2)

    def test_it_takes_no_command_and_a_command_takes_nothing(self, outbox: list[memory.Sms]) -> None:
        first = closed("Yes")
        helped = arrive("HELP")
        helped = done(helped)
        assert (helped.command, helped.carry_overs, helped.outcome) == ("help", 0, Outcome.REPLIED)
        assert done(first).outcome == Outcome.REPLIED
        assert len(outbox) == 2

    def test_the_answer_to_a_command_gives_way_to_nothing(self, outbox: list[memory.Sms]) -> None:
        stopped = arrive("STOP")
        arrive("hello")
        stopped = done(stopped)
        assert (stopped.outcome, len(outbox)) == (Outcome.REPLIED, 1)

    def test_whoever_lost_his_lease_takes_nothing(self) -> None:
        first, second = closed("Yes"), closed("at 6")
        token = uuid4()
        state.claim(second.id, token, timedelta(seconds=60), "slow")
        work = load(second.id, token, "slow")
        Batch.objects.filter(id=second.id).update(claim=uuid4())
        with pytest.raises(LeaseLost):
            superseding.gather(work)
        first.refresh_from_db()
        assert (first.status, first.successor_id) == ("closed", None)

    def test_it_takes_no_more_than_two(self, understood: list[list[str]]) -> None:
        batches = [closed(word) for word in ("one", "two", "three", "four")]
        last = done(batches[-1])
        assert (last.carry_overs, understood) == (2, [["two", "three", "four"]])
        assert done(batches[0]).outcome == Outcome.REPLIED
