"""A sender who writes on before the reply has left gets one reply to everything, and nothing is forgotten."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from batches import closing, pipeline, state, superseding, texts
from batches.choices import Outcome
from batches.clock import Now
from batches.models import Batch, Channel
from batches.pipeline import process
from batches.reprocess import SKIPPED, reprocess
from batches.review import why_not_answered
from batches.standing import standing
from batches.timeline import timeline
from batches.work import LeaseLost, load
from classification import services as classification
from classification.asking import ENGINES
from replies.case import ALLOWED
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import accepted, refused, unknown
from tests.batches.conftest import age, arrive, kinds
from tests.support.engines import Broken

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = refused("http_503", "try later", retryable=True)
NO_ANSWER = unknown("timeout", "No answer in time.")


@pytest.fixture(autouse=True)
def outbox(settings: Any) -> Iterator[list[memory.Sms]]:
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.CLASSIFICATION_MODE = "rules"
    memory.reset()
    yield memory.outbox
    memory.reset()


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts of each call for a verdict."""
    calls = list[list[str]]()
    classify = classification.classify

    def told(some: list[str], **context: Any) -> Any:
        calls.append(some)
        return classify(some, **context)

    monkeypatch.setattr(classification, "classify", told)
    return calls


def closed(*words: str) -> Batch:
    batch = arrive(*words)
    age(batch, 61)
    closing.close_due()
    return batch


def done(batch: Batch) -> Batch:
    process(batch.id, "worker")
    batch.refresh_from_db()
    return batch


def finish(batch: Batch) -> Batch:
    """Its window is over, and a worker takes it."""
    age(batch, 61)
    closing.close_due()
    return done(batch)


def come(batch: Batch) -> Batch:
    """The turn of a batch that waits has come."""
    Batch.objects.filter(id=batch.id).update(lease_until=Now() - timedelta(seconds=1))
    assert closing.reap() == 1
    return done(batch)


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
            age(following, 61)
            closing.close_due()
            batch, before = following, batch
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
        later = done(arrive_from("+639181234567"))
        assert (later.status, len(outbox)) == ("closed", True)
        last = arrive("at 6", sender="+639181234567")
        age(last, 61)
        closing.close_due()
        done(last)
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


def arrive_from(sender: str) -> Batch:
    batch = arrive("Yes", sender=sender)
    age(batch, 61)
    closing.close_due()
    return batch


class TestNothingIsForgotten:
    @pytest.fixture
    def pair(self) -> tuple[Batch, Batch]:
        first, second = closed("Yes"), arrive("sorry, I cannot")
        done(first)
        age(second, 61)
        closing.close_due()
        return first, second

    def test_when_the_successors_worker_dies(
        self, pair: tuple[Batch, Batch], monkeypatch: pytest.MonkeyPatch, understood: list[list[str]]
    ) -> None:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(pipeline, "_write_verdict", _interrupt)
            process(pair[1].id, "worker")
        second = come(pair[1])
        assert (second.outcome, second.label) == (Outcome.REPLIED, "disagree")
        assert understood[-1] == ["Yes", "sorry, I cannot"]

    def test_when_no_engine_can_decide(
        self, pair: tuple[Batch, Batch], monkeypatch: pytest.MonkeyPatch, understood: list[list[str]]
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setitem(ENGINES, "rules", Broken())
            assert done(pair[1]).status == "failed"
        reprocess([pair[1].id], actor="admin:ana")
        assert done(pair[1]).outcome == Outcome.REPLIED
        assert understood[-1] == ["Yes", "sorry, I cannot"]

    def test_when_a_person_has_to_decide(self, pair: tuple[Batch, Batch]) -> None:
        pair[1].messages.update(text="please remove me from your list")
        second = done(pair[1])
        assert (second.outcome, second.carry_overs) == (Outcome.HELD, 1)
        assert texts.whole(second)[0].text == "Yes"

    def test_an_operator_is_told_where_they_are(self, pair: tuple[Batch, Batch]) -> None:
        [result] = reprocess([pair[0].id], actor="admin:ana", resend_unknown=True)
        assert (result.action, result.detail) == (
            SKIPPED,
            f"its texts are answered with batch {pair[1].id}: process that one",
        )
        first = Batch.objects.get(id=pair[0].id)
        assert why_not_answered(first, "disagree") == (
            f"The conversation went on: batch {pair[1].id} answers it."
        )

    def test_the_story_links_both_ways(self, pair: tuple[Batch, Batch]) -> None:
        first, second = (Batch.objects.get(id=batch.id) for batch in pair)
        [carried] = [entry for entry in timeline(second) if entry.kind == "carried_over"]
        assert (carried.text, carried.other) == ("Yes", first.id)
        assert timeline(first)[-1].other == second.id

    def test_the_pages_link_both_ways(self, pair: tuple[Batch, Batch], admin_client: Client) -> None:
        first, second = pair
        for here, there in ((first, second), (second, first)):
            html = admin_client.get(reverse("admin:batches_batch_change", args=[here.id])).content.decode()
            assert html.count(reverse("admin:batches_batch_change", args=[there.id])) == 2  # head and story


def _interrupt(*_args: Any) -> None:
    raise KeyboardInterrupt


class TestAtOnce:
    def test_two_workers_and_two_batches_make_one_reply_or_two_complete_ones(
        self, outbox: list[memory.Sms]
    ) -> None:
        for turn in range(12):
            sender = f"+6391712345{turn:02}"
            pair = [arrive_from(sender), arrive_from(sender)]

            def work(batch: Batch) -> None:
                try:
                    process(batch.id, "worker")
                finally:
                    connection.close()

            with ThreadPoolExecutor(max_workers=2) as pool:
                list(pool.map(work, pair))
            first, second = (Batch.objects.get(id=batch.id) for batch in pair)
            sent = [sms for sms in outbox if sms.to == sender]
            together = first.outcome == Outcome.SUPERSEDED
            assert second.outcome == Outcome.REPLIED
            assert (first.successor_id, second.carry_overs) == ((second.id, 1) if together else (None, 0))
            assert len(sent) == (1 if together else 2)

    def test_a_successor_that_is_being_given_texts_cannot_be_begun(self) -> None:
        if connection.vendor != "postgresql":
            return  # on SQLite there is one transaction at a time
        first, second = closed("Yes"), closed("at 6")
        begun = list[bool]()

        def begin() -> None:
            try:
                begun.append(state.claim(second.id, uuid4(), timedelta(seconds=60), "other"))
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=1) as pool:
            with transaction.atomic():
                assert superseding.give_way(first, standing(first.id)) == superseding.MOVED_ON
                waiting = pool.submit(begin)
                with pytest.raises(TimeoutError):
                    waiting.result(timeout=0.3)
            waiting.result(timeout=5)
        assert begun == [True]


class TestLogs:
    def lines(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "batches.log_lines"]

    def test_each_message_is_counted_once_as_received(self, caplog: pytest.LogCaptureFixture) -> None:
        first, second = closed("Yes", "I can"), arrive("at 6")
        caplog.set_level(logging.INFO)
        done(first)
        finish(second)
        lines = self.lines(caplog)
        counts = [line.rsplit("Count: ", 1)[1] for line in lines if "BATCH RECEIVED" in line]
        assert counts == ["2", "1"]
        assert sum("└─ Message" in line for line in lines) == 3
        assert f"BATCH SUPERSEDED | From: +639171234567 | Batch: {first.id} |" in "\n".join(lines)
        assert (
            f"BATCH CARRIES EARLIER TEXTS | From: +639171234567 | Batch: {second.id} | Messages: 2" in lines
        )
        [sent] = [line for line in lines if "AUTO-REPLY SENT" in line]
        assert sent.split(" | ")[2] == "Messages: 3"
        assert sum("BATCH PROCESSING COMPLETE" in line for line in lines) == 1

    def test_also_those_of_a_batch_that_nobody_had_begun(self, caplog: pytest.LogCaptureFixture) -> None:
        first, second = closed("Yes", "I can"), closed("at 6")
        caplog.set_level(logging.INFO)
        done(second)
        done(first)
        counts = [line.rsplit("Count: ", 1)[1] for line in self.lines(caplog) if "BATCH RECEIVED" in line]
        assert sorted(counts) == ["1", "2"]


def test_an_ordinary_batch_costs_no_statement_more(django_assert_max_num_queries: Any) -> None:
    batch = closed("Yes")
    with django_assert_max_num_queries(40) as captured:
        process(batch.id, "worker")
    [asked] = [query["sql"] for query in captured if "batches_takeover" in query["sql"]]
    assert asked.startswith("UPDATE")  # the label's, which is written anyway
    assert not [query["sql"] for query in captured if 'successor_id"' in query["sql"]]
    assert Reply.objects.get().status == "sent"
