"""Counting in the database: exact when many do it at once, given back where it was in vain, cheap when it is not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from batches.housekeeping import prune
from classification import ceilings, rows, usage
from classification.models import Ceiling, Usage
from classification.usage import Count, end_of
from replies import services
from replies.models import Mute, Reply, Switch
from replies.senders import memory
from tests.replies.conftest import History, make_batch, pending, prepare

AT_ONCE = 8


def count(what: str = "replies/day", most: float | None = 3, amount: float = 1, seconds: float = 60) -> Count:
    return Count("all", what, rows.now(seconds), Decimal(amount), None if most is None else Decimal(most))


def used(what: str = "replies/day") -> float:
    return float(Usage.objects.get(what=what, scope="all").used)


@pytest.mark.django_db
class TestTaking:
    def test_it_adds_up_to_the_limit_and_no_further(self) -> None:
        assert [usage.take([count()]) for _ in range(3)] == [[], [], []]
        assert [one.what for one in usage.take([count()])] == ["replies/day"]
        assert used() == 3

    def test_of_several_it_takes_all_or_none(self) -> None:
        wide, narrow = count("wide", 10), count("narrow", 1)
        assert usage.take([wide, narrow]) == []
        assert usage.take([wide, narrow]) == [narrow]
        assert (used("wide"), used("narrow")) == (1, 1)

    def test_the_first_may_be_too_much_already(self) -> None:
        assert usage.take([count(most=0)])
        assert usage.take([count(most=2, amount=3)])
        assert not Usage.objects.exists()

    def test_a_period_that_is_over_counts_as_nothing(self) -> None:
        for _ in range(3):
            usage.take([count()])
        Usage.objects.update(until=datetime.now(UTC) - timedelta(seconds=1))
        assert usage.take([count()]) == []
        assert used() == 1

    def test_without_a_limit_it_only_counts(self) -> None:
        for _ in range(5):
            assert usage.take([count(most=None)]) == []
        assert used() == 5

    def test_it_is_one_statement(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            usage.take([count(str(number)) for number in range(9)])

    def test_what_is_over_is_forgotten(self) -> None:
        usage.take([count("over", seconds=-1), count("now")])
        prune()
        assert [row.what for row in Usage.objects.all()] == ["now"]


@pytest.mark.parametrize(
    ("period", "now", "end"),
    [
        ("minute", "2026-05-03T10:15:59.9", "2026-05-03T10:16"),
        ("day", "2026-05-03T23:59:59", "2026-05-04T00:00"),
        ("month", "2026-01-31T10:00", "2026-02-01T00:00"),
        ("month", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("month", "2028-02-29T12:00", "2028-03-01T00:00"),
    ],
)
def test_periods_end_with_the_clock(period: str, now: str, end: str) -> None:
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, end))
    assert end_of(period, first) == last


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Several workers, each with a connection of its own."""

    def race(self, work: Any) -> list[Any]:
        barrier = Barrier(AT_ONCE, timeout=20)

        def run(number: int) -> Any:
            try:
                barrier.wait()
                return work(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(run, range(AT_ONCE)))

    def test_they_take_no_more_than_there_is(self) -> None:
        def take(_: int) -> int:
            with transaction.atomic():
                return len(usage.take([count("wide", 100), count(most=5)]))

        refused = self.race(take)
        assert sum(refused) == AT_ONCE - 5
        assert (used(), used("wide")) == (5, 5)

    def test_one_sender_is_sent_no_more_than_its_limit(self, settings: Any) -> None:
        """Conversations of one sender that are answered by different workers at the same moment."""
        settings.SENDER_REPLIES_PER_HOUR = 2
        self.answer_all_at_once()
        assert len(memory.outbox) == 2
        reasons = sorted(Reply.objects.values_list("reason", flat=True))
        assert reasons == ["", "", *["sender_per_hour"] * (AT_ONCE - 2)]

    def test_a_channel_sends_no_more_than_its_ceiling(self) -> None:
        Ceiling.objects.update_or_create(
            channel=None, together=True, meter="segments", period="month", defaults={"most": 3}
        )
        ceilings.live.cache_clear()
        self.answer_all_at_once()
        assert len(memory.outbox) == 3
        assert used("segments/month") == 3

    def test_one_reply_that_two_want_to_send_is_counted_once(self, settings: Any) -> None:
        settings.SENDER_REPLIES_PER_DAY = 20
        reply = pending(make_batch())
        self.race(lambda _: services.send_once(reply.pk, record=History()))
        assert len(memory.outbox) == 1
        assert used() == 1

    def test_the_breaker_stops_the_channel_once(self, settings: Any) -> None:
        settings.BREAKER_REPLIES_PER_MINUTE = 2
        self.answer_all_at_once()
        assert len(memory.outbox) == 2
        assert {row.stopped for row in Switch.objects.all()} == {True}
        assert {row.actor for row in Switch.objects.all()} == {"breaker"}
        reasons = set(Reply.objects.exclude(status="sent").values_list("reason", flat=True))
        assert reasons <= {"breaker", "stopped"}

    def answer_all_at_once(self) -> None:
        batches = [make_batch() for _ in range(AT_ONCE)]

        def answer(number: int) -> None:
            with transaction.atomic():
                reply = prepare(batches[number], History())
            if reply.in_hand:
                services.deliver(reply, record=History())

        self.race(answer)


@pytest.mark.django_db
class TestMute:
    def test_the_longer_one_holds(self, history: History, settings: Any) -> None:
        settings.REPEATED_TEXTS = 1
        reply = prepare(make_batch(), history, texts=["Yes"])
        assert (reply.status, reply.reason) == ("suppressed", "repeated_text")
        mute = Mute.objects.get()
        assert 86_300 < (mute.until - datetime.now(UTC)).total_seconds() < 86_500
        Mute.objects.update(until=datetime.now(UTC), reason="echo")
        prepare(make_batch(), history, texts=["Yes"])
        mute.refresh_from_db()
        assert mute.reason == "repeated_text"
        assert mute.until > datetime.now(UTC)


@pytest.mark.django_db
def test_a_reply_costs_one_look_and_one_count(history: History, settings: Any) -> None:
    settings.SENDER_REPLIES_PER_MINUTE, settings.REPEATED_TEXTS = 100, 100
    batch = make_batch()
    prepare(make_batch(), history, texts=["Yes"])  # the rule set and the ceilings are read
    with CaptureQueriesContext(connection) as captured:
        prepare(batch, history, texts=["Yes"])
    kinds = [query["sql"].split()[0] for query in captured]
    assert kinds == ["SELECT", "INSERT", "INSERT", "INSERT"], (
        captured.captured_queries
    )  # then reply and attempt
