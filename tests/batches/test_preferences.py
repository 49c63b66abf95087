"""A sender's own settings: window, no automatic replies, VIP."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from batches.choices import BatchStatus, Outcome
from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Batch, Channel, SenderPreference
from batches.pipeline import process
from batches.reprocess import RESENT, reprocess
from replies.senders import memory
from tests.batches.conftest import SENDER, age, arrive, close_all, closed, done, kinds, statements_to_process
from tests.support.rates import begin_anew

pytestmark = pytest.mark.django_db
OTHER = "+639181234567"


def prefer(**fields: Any) -> SenderPreference:
    return SenderPreference.objects.create(number=SENDER, **fields)


class TestWindow:
    @pytest.mark.parametrize("seconds", [1, 5, 900])
    def test_it_is_the_senders_before_the_channels(self, seconds: int) -> None:
        Channel.objects.update_or_create(slug="default", defaults={"window_seconds": 30})
        prefer(window_seconds=seconds)
        batch, other = arrive("Yes"), arrive("Yes", sender=OTHER)
        assert batch.closes_at - batch.opened_at == timedelta(seconds=seconds)
        assert other.closes_at - other.opened_at == timedelta(seconds=30)

    def test_a_row_without_one_changes_nothing(self) -> None:
        prefer(name="Ana")
        batch = arrive("Yes")
        assert batch.closes_at - batch.opened_at == timedelta(seconds=60)

    def test_it_holds_from_the_next_batch_on(self) -> None:
        first = arrive("Yes")
        prefer(window_seconds=600)
        assert arrive("I can") == first
        first.refresh_from_db()
        assert first.closes_at - first.opened_at == timedelta(seconds=60)
        age(first, 60)
        later = arrive("Hello")
        assert later.closes_at - later.opened_at == timedelta(seconds=600)

    def test_it_tells_the_window_that_holds(self, caplog: pytest.LogCaptureFixture) -> None:
        prefer(window_seconds=5)
        with caplog.at_level("INFO"):
            arrive("Yes")
        assert "waiting 5s for more" in caplog.text

    def test_the_senders_limit_allows_for_it(self) -> None:
        Channel.objects.update_or_create(slug="default", defaults={"sender_per_minute": 3})
        prefer(window_seconds=600)
        for number in range(30):
            assert arrive(str(number)).flags == ""
            begin_anew()  # a minute later
        assert arrive("more than 3 a minute in 10 minutes").flags == "sender_rate"


class TestAtOnce:
    def test_it_is_closed_and_queued_as_it_comes_in(self) -> None:
        prefer(window_seconds=0)
        batch = arrive("Yes", "I can")
        batch.refresh_from_db()
        assert (batch.status, batch.message_count) == (BatchStatus.CLOSED, 2)
        assert batch.closes_at > batch.opened_at
        assert kinds(batch) == ["opened", "closed"]
        batch = done(batch)
        assert batch.status == BatchStatus.COMPLETED

    def test_the_next_text_is_a_batch_of_its_own(self) -> None:
        prefer(window_seconds=0)
        first, second = arrive("Yes"), arrive("I can")
        assert first != second
        assert set(Batch.objects.values_list("status", flat=True)) == {"closed"}

    def test_others_in_the_same_delivery_keep_their_windows(self) -> None:
        prefer(window_seconds=0)
        channel = Channel.objects.get(slug="default")
        both = [
            InboundSms(f"m{number}", to, "Yes", None, "", "{}") for number, to in enumerate([SENDER, OTHER])
        ]
        ingest(channel, both)
        assert dict(Batch.objects.values_list("sender", "status")) == {SENDER: "closed", OTHER: "open"}

    def test_a_command_is_closed_once(self) -> None:
        prefer(window_seconds=0)
        batch = arrive("STOP")
        batch.refresh_from_db()
        assert (batch.command, kinds(batch).count("closed")) == ("stop", 1)

    def test_the_sweep_closes_what_could_not_be_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any) -> None:
            raise DatabaseError("away")

        prefer(window_seconds=0)
        monkeypatch.setattr("batches.ingest.close_now", fail)
        batch = arrive("Yes")
        age(batch, 1)
        assert close_all() == 1


class TestCost:
    @pytest.mark.parametrize("seconds", [None, 5])
    def test_a_message_costs_no_statement_more(self, seconds: int | None) -> None:
        def statements(sender: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                arrive("Yes", sender=sender)
            return len(captured)

        arrive("Yes", sender=OTHER)
        without = statements(OTHER)
        prefer(window_seconds=seconds)
        assert statements(SENDER) == without

    def test_a_batch_costs_no_statement_more(self) -> None:
        statements_to_process(OTHER)
        without = statements_to_process("+639181234568")
        prefer(name="Ana", language="tl", window_seconds=5)
        assert statements_to_process(SENDER) == without


@pytest.fixture
def _replying(settings: Any) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = True
    memory.reset()


@pytest.mark.usefixtures("_replying")
class TestReplies:
    def test_nothing_is_sent_to_who_wants_nothing(self) -> None:
        prefer(no_auto_replies=True)
        batch = done(closed("Yes"))
        assert (batch.outcome, batch.label, memory.outbox) == (Outcome.SUPPRESSED, "agree", [])
        reply = batch.replies.get()
        assert (reply.status, reply.reason) == ("suppressed", "no_auto_replies")

    def test_a_vips_reply_waits_for_a_person(self) -> None:
        prefer(is_vip=True)
        batch = done(closed("Yes"))
        assert (batch.outcome, batch.replies.get().reason, memory.outbox) == (Outcome.HELD, "vip", [])
        assert batch.classifications.get().review == "vip"

    def test_a_person_lets_it_go(self) -> None:
        prefer(is_vip=True)
        batch = done(closed("Yes"))
        assert [result.action for result in reprocess([batch.id], actor="admin:ana")] == [RESENT]
        batch = done(batch)
        assert (batch.outcome, len(memory.outbox)) == (Outcome.REPLIED, 1)

    def test_a_vip_who_sounds_like_an_opt_out_is_told_as_that(self) -> None:
        prefer(is_vip=True)
        batch = done(closed("please stop texting me"))
        assert batch.replies.get().reason == "sounds_like_opt_out"

    def test_both_may_opt_out_all_the_same(self) -> None:
        prefer(is_vip=True, no_auto_replies=True)
        batch = arrive("STOP")
        process(batch.id, "worker")
        assert batch.replies.get().kind == "stop"
        assert len(memory.outbox) == 1


class TestRow:
    def test_it_is_stored_in_one_form(self) -> None:
        row = SenderPreference(number="0917 123 4567", language="FIL", name=" Ana ")
        row.full_clean()
        assert (row.number, row.language, row.name) == (SENDER, "tl", "Ana")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("number", "GLOBE"),
            ("number", "2255"),
            ("number", ""),
            ("language", "tagalog"),
            ("language", "t1"),
            ("window_seconds", 901),
            ("window_seconds", -1),
            ("name", "A\nna"),
            ("name", "\u202eana"),
            ("name", "x" * 65),
            ("notes", "x" * 2001),
        ],
    )
    def test_it_refuses_what_cannot_be(self, field: str, value: Any) -> None:
        with pytest.raises(ValidationError) as refused:
            SenderPreference(**{"number": SENDER} | {field: value}).full_clean()
        assert list(refused.value.message_dict) == [field]

    def test_a_number_has_one(self) -> None:
        prefer()
        with pytest.raises(ValidationError):
            SenderPreference(number="0917 123 4567").full_clean()

    def test_the_database_knows_the_bounds(self) -> None:
        with pytest.raises(IntegrityError):
            prefer(window_seconds=901)
