"""A sender writes on, and the earlier batch's worker sees it before the reply has left."""

from typing import Any

import pytest

from batches.choices import Outcome
from batches.models import Batch, Channel
from batches.reprocess import reprocess
from replies.senders import memory
from tests.batches.conftest import arrive, close, closed, done, kinds
from tests.batches.superseding.conftest import BUSY, NO_ANSWER, come, finish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestTheEarlierWorkerSeesIt:
    def test_one_reply_answers_all(self, outbox: list[memory.Sms], understood: list[list[str]]) -> None:
        first = closed("Yes", "I can help")
        second = arrive("sorry, I cannot after all")
        first = done(first)
        assert (first.status, first.outcome, first.label) == ("completed", Outcome.SUPERSEDED, "agree")
        assert (first.successor_id, outbox) == (second.id, [])
        second = finish(second)
        assert (second.outcome, second.label, second.carry_overs) == (Outcome.REPLIED, "disagree", 1)
        assert understood[-1] == ["Yes", "I can help", "sorry, I cannot after all"]
        assert [sms.body for sms in outbox] == ["Thank you for replying."]

    def test_both_records_tell_it(self) -> None:
        first, second = closed("Yes"), arrive("at 6")
        done(first)
        finish(second)
        reply = first.replies.get()
        assert (reply.status, reply.reason) == ("suppressed", "moved_on")
        assert kinds(first)[-3:] == ["classified", "reply_suppressed", "completed"]
        assert kinds(second)[:2] == ["opened", "carried_over"]
        assert second.events.get(kind="carried_over").data == {"from_batch": first.id, "count": 1}

    def test_a_reply_that_waits_gives_way_when_its_turn_comes(self, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(BUSY)
        first = done(closed("Yes"))
        second = arrive("and my brother")
        first = come(first)
        assert (first.outcome, first.successor_id, len(outbox)) == (Outcome.SUPERSEDED, second.id, 1)
        assert kinds(first)[-3:] == ["claimed", "reply_withdrawn", "completed"]
        assert first.replies.get().reason == "moved_on"
        assert finish(second).outcome == Outcome.REPLIED
        assert len(outbox) == 2  # the first call was refused

    def test_a_reply_in_the_call_is_not_withdrawn(self, outbox: list[memory.Sms]) -> None:
        first = closed("Yes")

        def meanwhile() -> Any:
            arrive("and my brother")
            return BUSY

        memory.next_results.append(meanwhile)
        first = done(first)
        assert (first.status, first.postponed) == ("closed", True)

    def test_what_may_have_left_is_not_withdrawn(self, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(NO_ANSWER)
        first = done(closed("Yes"))
        reprocess([first.id], actor="admin:ana", resend_unknown=True)
        second = arrive("and my brother")
        assert done(first).outcome == Outcome.REPLIED
        assert finish(second).carry_overs == 0

    def test_a_text_that_comes_after_the_reply_is_answered_on_its_own(self, outbox: list[memory.Sms]) -> None:
        done(closed("Yes"))
        second = finish(arrive("and my brother"))
        assert (second.outcome, second.carry_overs, len(outbox)) == (Outcome.REPLIED, 0, 2)

    def test_two_carry_overs_and_then_the_reply_goes(
        self, outbox: list[memory.Sms], understood: list[list[str]]
    ) -> None:
        batch = closed("one")
        for words in ("two", "three", "four"):
            following = arrive(words)
            batch = done(batch)
            batch, before = close(following), batch
        assert understood[2] == ["one", "two", "three"]
        assert (before.outcome, before.carry_overs, len(outbox)) == (Outcome.REPLIED, 2, 1)
        assert (done(batch).carry_overs, understood[-1]) == (0, ["four"])

    def test_another_sender_or_channel_is_another_conversation(self, outbox: list[memory.Sms]) -> None:
        first = closed("Yes")
        arrive("No", sender="+639181234567")
        other = arrive("No")
        Batch.objects.filter(id=other.id).update(channel=Channel.objects.create(slug="clinic"))
        assert done(first).outcome == Outcome.REPLIED

    def test_nothing_gives_way_where_nothing_would_leave(self, settings: Any) -> None:
        settings.SMS_AUTO_REPLY_ENABLED = False
        first, second = closed("Yes"), arrive("at 6")
        assert done(first).outcome == Outcome.DISABLED
        assert finish(second).carry_overs == 0

    def test_it_can_be_switched_off(self, settings: Any, outbox: list[memory.Sms]) -> None:
        settings.SUPERSEDE_UNSENT = False
        first, second = closed("Yes"), closed("at 6")
        done(second)
        assert (done(first).outcome, len(outbox)) == (Outcome.REPLIED, 2)
