"""STOP, START and HELP: what they change, what they are answered, and what is no longer sent."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction

from batches import drain, ingest, intake, keywords, sounding
from batches.choices import BatchStatus, Command, Outcome
from batches.clock import Now
from batches.closing import close_due, reap
from batches.detour import detour
from batches.inbound.base import InboundSms
from batches.ingest_sql import Arrival
from batches.models import Batch, Channel, Keyword
from batches.phones import normalise
from batches.pipeline import process
from batches.reprocess import reprocess
from batches.review import why_not_answered
from batches.spool import here
from classification import services as classification
from classification.engines.base import EngineError
from classification.engines.rules.engine import RulesEngine
from replies import consent, services
from replies.models import Consent, ConsentSource, ConsentState, Reply, ReplyKind
from replies.occasion import Occasion
from replies.senders import memory
from replies.senders.base import refused
from tests.batches.conftest import SENDER, age, arrive, kinds
from tests.batches.test_closing import queued

THANKS = "Thanks for confirming! See you soon."
OUT, IN = (
    "You will get no more automatic replies. Text START to resume.",
    ("You will get automatic replies again. Text STOP to end them."),
)
HELP = "Texts to this number are answered automatically. Text STOP to get no more automatic replies, START to resume."
SHORT = {OUT: "out", IN: "in", HELP: "help", THANKS: "thanks", "Thank you for replying.": "thanks"}
pytestmark = pytest.mark.django_db(transaction=True)
_guids = count(1)


@pytest.fixture(autouse=True)
def outbox(settings: Any) -> Iterator[list[memory.Sms]]:
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.CLASSIFICATION_MODE = "rules"
    memory.reset()
    yield memory.outbox
    memory.reset()


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.get(slug="default")


def sms(text: str, guid: str = "", received_at: datetime | None = None) -> InboundSms:
    return InboundSms(guid or f"c-{next(_guids)}", SENDER, text, None, "", "{}", received_at)


def sent() -> list[str]:
    """What has been sent, in short."""
    return [SHORT[one.body] for one in memory.outbox]


def work() -> None:
    """The workers' turn: everything that is closed is processed."""
    for batch_id in (
        Batch.objects.filter(status=BatchStatus.CLOSED).order_by("id").values_list("id", flat=True)
    ):
        process(batch_id, "worker")


def settle(batch: Batch) -> Batch:
    """Let the batch's window be over, if it is open still, and have it processed."""
    batch.refresh_from_db()
    if batch.status == BatchStatus.OPEN:
        age(batch, 61)
        close_due()
    work()
    batch.refresh_from_db()
    return batch


def say(*texts: str) -> Batch:
    """One delivery, processed to its end."""
    return settle(arrive(*texts))


# What is written delivery by delivery, and what is sent in the end.
STORIES: list[tuple[list[list[str]], list[str]]] = [
    ([["Yes"]], ["thanks"]),
    ([["STOP"]], ["out"]),
    ([["stop."], ["STOP"], ["Unsubscribe"]], ["out"]),
    ([["STOP", "STOP"]], ["out"]),
    ([["STOP"], ["Yes"]], ["out"]),
    ([["STOP"], ["Yes"], ["START"], ["Yes"]], ["out", "in", "thanks"]),
    ([["STOP"], ["START"], ["STOP"]], ["out", "in", "out"]),
    ([["STOP", "START"]], ["in"]),
    ([["STOP", "START", "STOP"]], ["out"]),
    ([["STOP"], ["START"], ["START"]], ["out", "in", "thanks"]),
    ([["START"]], ["thanks"]),
    ([["UNSTOP"], ["Yes"]], ["thanks", "thanks"]),
    ([["Yes", "STOP"]], ["out"]),
    ([["STOP", "Yes"]], ["out"]),
    ([["HELP"]], ["help"]),
    ([["HELP"], ["info"]], ["help"]),
    ([["STOP"], ["HELP"]], ["out", "help"]),
    ([["STOP", "HELP"]], ["out"]),
    ([["HELP", "STOP"]], ["out"]),
    ([["STOP"], ["HELP"], ["INFO"], ["Yes"]], ["out", "help"]),
    ([["Yes", "I can", "help"]], ["thanks"]),
    ([["CANCEL"]], ["out"]),
    ([["cancel po"]], []),
    ([["stop texting me po"]], []),
    ([["please stop"], ["Yes"]], ["thanks"]),
    ([["wag na po", "kayo magtext"]], []),
    ([["STOP"], ["please start again"], ["ok yes start"]], ["out"]),
]


@pytest.mark.parametrize(("deliveries", "expected"), STORIES)
def test_stories(deliveries: list[list[str]], expected: list[str]) -> None:
    for texts in deliveries:
        say(*texts)
    assert sent() == expected
    assert not Batch.objects.exclude(status=BatchStatus.COMPLETED).exists()


class TestStop:
    def test_it_acts_before_the_window_is_over(self) -> None:
        batch = arrive("STOP")
        assert (batch.status, batch.command, queued()) == (BatchStatus.CLOSED, "stop", [batch.id])
        assert batch.closed_at is not None
        assert batch.closed_at < batch.closes_at
        assert kinds(batch) == ["opened", "command", "closed"]
        assert consent.is_opted_out(SENDER, batch.channel_id)

    def test_the_whole_story(self) -> None:
        batch = say("STOP")
        assert (batch.label, batch.outcome, batch.messages.count()) == ("opt_out", Outcome.REPLIED, 1)
        assert kinds(batch) == [
            "opened", "command", "closed", "claimed", "reply_created", "reply_sending", "reply_sent", "completed",
        ]  # fmt: skip
        assert batch.classifications.count() == 0
        [row] = Consent.objects.all()
        assert (row.number, row.channel, row.state, row.changed) == (SENDER, batch.channel, "opted_out", True)
        assert (row.source, row.words, row.actor) == (ConsentSource.KEYWORD, "STOP", "web")
        assert row.message == batch.messages.get()

    def test_what_was_said_before_it_is_understood_all_the_same(self) -> None:
        batch = say("Yes, I will be there", "STOP")
        assert (batch.label, batch.command, batch.classifications.get().label) == ("agree", "stop", "agree")
        assert [reply.kind for reply in batch.replies.all()] == [ReplyKind.STOP]

    def test_it_is_answered_although_no_engine_can_decide(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(*_args: Any, **_options: Any) -> None:
            raise EngineError("timeout", "no answer")

        monkeypatch.setattr(RulesEngine, "classify", down)
        batch = say("Yes", "STOP")
        assert (batch.status, batch.outcome, batch.label) == (BatchStatus.COMPLETED, "replied", "undecided")
        assert sent() == ["out"]

    def test_an_open_batch_ends_with_it(self) -> None:
        first = arrive("Yes")
        batch = arrive("STOP")
        assert (batch.id, batch.status, batch.message_count) == (first.id, BatchStatus.CLOSED, 2)

    def test_a_repetition_is_written_down_and_not_answered(self) -> None:
        say("STOP")
        batch = say("STOP")
        assert (batch.outcome, batch.replies.get().reason) == (Outcome.SUPPRESSED, "nothing_new")
        assert list(Consent.objects.values_list("changed", flat=True)) == [False, True]

    def test_a_repeated_guid_acts_once(self, channel: Channel) -> None:
        for _ in range(3):
            ingest.ingest(channel, [sms("STOP", "same"), sms("STOP", "same")])
        work()
        assert (Consent.objects.count(), Batch.objects.count(), sent()) == (1, 1, ["out"])

    def test_a_provider_that_confirms_is_left_to_it(self, channel: Channel) -> None:
        Channel.objects.update(provider_confirms_stop=True)
        batches = [say("STOP"), say("HELP"), say("START")]
        assert {batch.replies.get().reason for batch in batches} == {"provider_confirms"}
        assert [row.state for row in Consent.objects.order_by("id")] == ["opted_out", "opted_in"]
        assert sent() == []

    @pytest.mark.parametrize(("sender", "reason"), [("GLOBE", "alphanumeric_sender"), ("2366", "short_code")])
    def test_only_numbers_are_answered(self, sender: str, reason: str, channel: Channel) -> None:
        batch = settle(arrive("STOP", sender=sender))
        assert (sent(), batch.replies.get().reason) == ([], reason)
        assert consent.is_opted_out(sender, channel.id)

    def test_a_text_that_is_too_long_is_kept_and_not_sent(self, settings: Any) -> None:
        settings.OPT_OUT_TEXT, settings.SMS_MAX_SEGMENTS = "x" * 161, 1
        reply = say("STOP").replies.get()
        assert (sent(), reply.reason, reply.segments) == ([], "too_long", 2)

    def test_the_switch_silences_it_too(self, settings: Any, channel: Channel) -> None:
        settings.SMS_AUTO_REPLY_ENABLED = False
        assert say("STOP").outcome == Outcome.DISABLED
        assert consent.is_opted_out(SENDER, channel.id)

    def test_an_old_one_is_not_answered(self, settings: Any) -> None:
        batch = arrive("STOP")
        age(batch, settings.STALE_AFTER + 120)
        work()
        assert (sent(), batch.replies.get().reason) == ([], "stale")

    def test_a_deleted_word_is_an_answer(self) -> None:
        Keyword.objects.filter(word="END").delete()
        keywords.live.cache_clear()
        assert arrive("END").status == BatchStatus.OPEN

    def test_masked_or_not_the_log_says_it(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        arrive("STOP")
        assert f"OPTED OUT | From: {SENDER} | Channel: default" in caplog.messages


class TestSounding:
    @pytest.mark.parametrize("text", ["stop texting me po", "cancel po", "wag na po kayo magtext"])
    def test_a_person_decides(self, text: str, channel: Channel) -> None:
        batch = say(text)
        assert (batch.status, batch.outcome) == (BatchStatus.COMPLETED, Outcome.HELD)
        assert batch.replies.get().reason == "sounds_like_opt_out"
        assert batch.classifications.get().review == "opt_out"
        assert not consent.is_opted_out(SENDER, channel.id)

    def test_a_person_may_have_it_answered(self) -> None:
        batch = say("cancel po")
        assert reprocess([batch.id], actor="ana")[0].action == "resent"
        assert (settle(batch).outcome, len(sent())) == (Outcome.REPLIED, 1)


class TestStart:
    def test_yes_opts_in_where_it_is_switched_on_and_only_who_is_out(self) -> None:
        Keyword.objects.filter(word="YES").update(enabled=True)
        keywords.live.cache_clear()
        for text in ("Yes", "STOP", "Yes", "Yes"):
            say(text)
        assert sent() == ["thanks", "out", "in", "thanks"]

    def test_one_from_the_spool_does_not_undo_a_later_stop(self, channel: Channel) -> None:
        say("STOP")
        before = datetime.now(UTC) - timedelta(minutes=5)
        ingest.ingest(channel, [sms("START", received_at=before)])
        assert consent.is_opted_out(SENDER, channel.id)
        ingest.ingest(channel, [sms("START", received_at=datetime.now(UTC))])
        assert not consent.is_opted_out(SENDER, channel.id)


class TestScope:
    @pytest.mark.parametrize(("scope", "elsewhere"), [("channel", "thanks"), ("account", None)])
    def test_it_is_the_channel_or_everything(self, settings: Any, scope: str, elsewhere: str | None) -> None:
        settings.OPT_OUT_SCOPE = scope
        say("STOP")
        ingest.ingest(Channel.objects.create(slug="other"), [sms("Yes")])
        settle(Batch.objects.get(channel__slug="other"))
        assert sent() == ["out", *([elsewhere] if elsewhere else [])]

    def test_the_newest_row_wins_whatever_it_covers(self, channel: Channel) -> None:
        other = Channel.objects.create(slug="other")

        def write(channel_id: int | None, state: ConsentState) -> list[bool]:
            row = {"number": SENDER, "channel_id": channel_id, "state": state, "changed": True}
            consent.write(**row, source=ConsentSource.ADMIN, words="a test", actor="test")  # type: ignore[arg-type]
            return [consent.is_opted_out(SENDER, one.id) for one in (channel, other)]

        assert write(None, ConsentState.OPTED_OUT) == [True, True]
        assert write(channel.id, ConsentState.OPTED_IN) == [False, True]
        assert write(other.id, ConsentState.OPTED_OUT) == [False, True]
        assert write(None, ConsentState.OPTED_IN) == [False, False]
        assert not consent.is_opted_out("+639180000000", channel.id)

    def test_it_is_one_look_into_an_index(self, channel: Channel, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1) as captured:
            consent.is_opted_out(SENDER, channel.id)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET enable_seqscan = off")
                cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {captured.captured_queries[0]['sql']}")
            plan = str(cursor.fetchall())
            if connection.vendor == "postgresql":
                cursor.execute("RESET enable_seqscan")
        assert "consent_newest_of_number" in plan


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
            assert not services.resend(batch.replies.get().id, record=lambda *_: None)
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
                batch_id=batch.id,
                channel_id=batch.channel_id,
                to=SENDER,
                label="disagree",
                record=lambda *_: None,
                occasion=Occasion(),
            )
        say("STOP")
        reply = services.send_once(reply.id, record=lambda *_: None)
        assert (reply.status, reply.reason, sent()) == ("suppressed", "opted_out", ["thanks", "out"])

    def test_a_refused_confirmation_may_be_sent_again(self) -> None:
        memory.next_results.append(refused("no_credit", "No credit left."))
        batch = say("STOP")
        assert reprocess([batch.id], actor="ana")[0].action == "resent"
        assert settle(batch).outcome == Outcome.REPLIED


class TestHelp:
    def test_it_is_given_again_after_a_day(self) -> None:
        say("HELP")
        assert say("HELP").replies.get().reason == "help_given"
        Reply.objects.update(created_at=Now() - timedelta(hours=24, seconds=1))
        say("HELP")
        assert sent() == ["help", "help"]

    def test_each_channel_gives_it(self) -> None:
        say("HELP")
        ingest.ingest(Channel.objects.create(slug="other"), [sms("HELP")])
        work()
        assert sent() == ["help", "help"]

    def test_what_was_refused_was_not_given(self) -> None:
        memory.next_results.append(refused("no_credit", "No credit left."))
        say("HELP")
        say("HELP")
        assert len(memory.outbox) == 2


class TestAtOnce:
    def together(self, jobs: list[Any]) -> None:
        def run(job: Any) -> None:
            try:
                job()
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
            list(pool.map(run, jobs))

    @pytest.mark.parametrize("scope", ["channel", "account"])
    def test_many_stops_on_two_channels(self, settings: Any, channel: Channel, scope: str) -> None:
        """Not through one group commit, as in one process, but each by itself, as in several."""
        settings.OPT_OUT_SCOPE = scope
        channels = [channel, Channel.objects.create(slug="other")]

        def stop(to: Channel) -> None:
            message = sms("STOP")
            arrival = Arrival(message, normalise(SENDER, "PH"), Command.STOP)
            ingest._store_new(to, {message.provider_message_id: arrival})

        self.together([lambda to=to: stop(to) for to in channels * 4])
        work()
        assert (Consent.objects.count(), sent()) == (8, ["out"] * (2 if scope == "channel" else 1))
        assert not Batch.objects.exclude(status=BatchStatus.COMPLETED).exists()

    def test_two_who_ask_for_help(self) -> None:
        batches = [arrive("HELP"), arrive("INFO")]
        self.together([lambda one=one: process(one.id, "worker") for one in batches])
        assert sent() == ["help"]

    def test_a_group_of_requests(self, channel: Channel) -> None:
        texts = ["Yes", "STOP", "I can", "STOP", "ok", "HELP"]
        self.together([lambda text=text: ingest.ingest(channel, [sms(text)]) for text in texts])
        assert consent.is_opted_out(SENDER, channel.id)
        for batch in Batch.objects.filter(status=BatchStatus.OPEN):
            settle(batch)
        work()
        assert sum(body == "out" for body in sent()) == 1


class TestSpool:
    @pytest.fixture(autouse=True)
    def spool(self, settings: Any, tmp_path: Any) -> None:
        settings.SPOOL_PATH = tmp_path / "spool.sqlite3"

    def test_a_keyword_acts_when_it_is_drained(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keywords.live()
        monkeypatch.setattr(drain, "start", lambda: None)
        detour.begin(away=True)
        for message in (sms("Yes", "one"), sms("STOP", "two"), sms("STOP", "two")):
            assert intake.take(channel, [message]).spooled == 1
        assert Consent.objects.count() == 0
        assert drain.look()
        assert here().is_empty()
        assert consent.is_opted_out(SENDER, channel.id)
        work()
        assert (sent(), Consent.objects.count()) == (["out"], 1)
        row = Consent.objects.get()
        assert row.said_at < row.recorded_at


class TestCost:
    def test_ordinary_messages_cost_no_more_statements(
        self, channel: Channel, django_assert_max_num_queries: Any
    ) -> None:
        keywords.live()
        ingest.ingest(channel, [sms("Yes")])
        alone = 1 if connection.vendor == "postgresql" else 5  # with BEGIN and COMMIT
        with django_assert_max_num_queries(alone):
            ingest.ingest(channel, [sms("Yes")])

    def test_soft_phrases_take_time_in_proportion_to_the_text(self) -> None:
        for text in (
            "wag na po mo nyo " * 400,
            "stop " * 2000,
            "ayaw ko na ng mga " * 400,
            "remove my " * 900,
        ):
            began = datetime.now(UTC)
            sounding.sounds_like_stop([text], {})
            assert datetime.now(UTC) - began < timedelta(seconds=0.5)
