"""STOP, and what only sounds like it."""

import logging
from typing import Any

import pytest

from batches import ingest, keywords
from batches.choices import BatchStatus, Outcome
from batches.models import Batch, Channel, Keyword
from batches.reprocess import reprocess
from classification.engines.base import EngineError
from classification.engines.rules.engine import RulesEngine
from replies.models import Consent, ConsentSource, ReplyKind
from replies.standing import look
from tests.batches.commands.conftest import say, sent, settle, sms, work
from tests.batches.conftest import SENDER, age, arrive, kinds
from tests.batches.test_closing import queued

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestStop:
    def test_it_acts_before_the_window_is_over(self) -> None:
        batch = arrive("STOP")
        assert (batch.status, batch.command, queued()) == (BatchStatus.CLOSED, "stop", [batch.id])
        assert batch.closed_at is not None
        assert batch.closed_at < batch.closes_at
        assert kinds(batch) == ["opened", "command", "closed"]
        assert look(SENDER, batch.channel_id).opted_out

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
        assert look(sender, channel.id).opted_out

    def test_a_text_that_is_too_long_is_kept_and_not_sent(self, settings: Any) -> None:
        settings.OPT_OUT_TEXT, settings.SMS_MAX_SEGMENTS = "x" * 161, 1
        reply = say("STOP").replies.get()
        assert (sent(), reply.reason, reply.segments) == ([], "too_long", 2)

    def test_the_switch_silences_it_too(self, settings: Any, channel: Channel) -> None:
        settings.SMS_AUTO_REPLY_ENABLED = False
        assert say("STOP").outcome == Outcome.DISABLED
        assert look(SENDER, channel.id).opted_out

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
        assert not look(SENDER, channel.id).opted_out

    def test_a_person_may_have_it_answered(self) -> None:
        batch = say("cancel po")
        assert reprocess([batch.id], actor="ana")[0].action == "resent"
        assert (settle(batch).outcome, len(sent())) == (Outcome.REPLIED, 1)
