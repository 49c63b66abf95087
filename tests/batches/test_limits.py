"""More than people write: stored, answered and flagged, once for each batch."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import reverse

from batches import flagging, limits
from batches.choices import Flag
from batches.limits import MAX_KEYS, Rates
from batches.models import Batch, Channel, Message
from tests.batches.conftest import SENDER, Post, age, arrive, kinds, sms
from tests.support.rates import begin_anew

OTHER = "+639181234567"


@pytest.fixture(autouse=True)
def low(settings: Any) -> None:
    settings.INGEST_SENDER_PER_MINUTE = 3
    settings.INGEST_CHANNEL_PER_MINUTE = 1000


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestRates:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def rates(self, clock: Clock) -> Rates:
        return Rates(clock)

    def test_it_counts_each_key(self, rates: Rates) -> None:
        assert [rates.add("a", 1) for _ in range(3)] == [1, 2, 3]
        assert rates.add("b", 50) == 50

    def test_it_looks_at_the_last_sixty_seconds(self, rates: Rates, clock: Clock) -> None:
        assert rates.add("a", 2) == 2
        clock.now += 59.9
        assert rates.add("a", 3) == 5
        clock.now += 0.1
        assert rates.add("a", 1) == 4  # the first two are a minute old
        clock.now += 60
        assert rates.add("a", 1) == 1

    def test_it_remembers_no_more_than_it_needs(self, rates: Rates, clock: Clock) -> None:
        for number in range(3 * MAX_KEYS):
            rates.add(number, 1)
        assert len(rates._young) + len(rates._elder) == 2 * MAX_KEYS
        for _ in range(1000):
            rates.add("flood", 1000)
            clock.now += 0.5
        assert len(rates._young["flood"].seconds) == 60

    def test_it_forgets_who_comes_no_more(self, rates: Rates, clock: Clock) -> None:
        rates.add("a", 1)
        for _ in range(2):
            clock.now += 60
            rates.add("b", 1)
        assert "a" not in rates
        assert "b" in rates


@pytest.mark.django_db
class TestSender:
    def test_it_stores_everything_and_flags_the_batch_once(self, post: Post) -> None:
        answers = [post(sms(f"g{number}")) for number in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 6
        batch = Batch.objects.get()
        assert (batch.message_count, Message.objects.count()) == (6, 6)
        assert (batch.flags, batch.flag_list) == ("sender_rate", [Flag.SENDER_RATE])
        assert kinds(batch).count("flagged") == 1
        assert kinds(batch).index("flagged") == 4  # with the fourth message
        assert batch.events.get(kind="flagged").data == {
            "flag": "Sender writes too fast",
            "limit_per_minute": 3,
        }

    def test_it_says_nothing_below_the_limit(self, post: Post) -> None:
        post([sms(f"g{number}") for number in range(3)])
        post(sms("g1"))
        assert Batch.objects.get().flags == ""

    def test_it_flags_a_long_list(self, post: Post) -> None:
        assert json.loads(post([sms(f"g{number}") for number in range(50)]).content)["processed"] == 50
        assert Batch.objects.get().flags == "sender_rate"

    def test_it_flags_that_sender_alone(self, post: Post) -> None:
        post([*(sms(f"g{number}") for number in range(5)), sms("other", number=OTHER)])
        assert dict(Batch.objects.values_list("sender", "flags")) == {SENDER: "sender_rate", OTHER: ""}

    def test_it_counts_beyond_the_end_of_a_batch(self) -> None:
        age(arrive("1", "2"), 60)
        assert arrive("3", "4").flags == "sender_rate"

    def test_it_sees_a_rate_that_is_kept_up_over_short_batches(self, settings: Any) -> None:
        settings.CONSOLIDATION_WINDOW, settings.INGEST_SENDER_PER_MINUTE = 5, 30
        flags = []
        for _ in range(12):
            batch = arrive("one", "two", "three")
            flags.append(batch.flags)
            age(batch, 5)
        assert flags == [*[""] * 10, "sender_rate", "sender_rate"]

    def test_it_remembers_nobody_who_writes_little(self) -> None:
        arrive("Yes")
        assert len(limits._senders._young) == 0

    def test_it_counts_what_other_processes_took_in(self) -> None:
        flags = []
        for number in range(6):
            begin_anew()  # each message meets another process
            flags.append(arrive(str(number)).flags)
        assert flags == ["", "", "", *["sender_rate"] * 3]
        assert kinds(Batch.objects.get()).count("flagged") == 1

    def test_it_allows_for_a_long_window(self, settings: Any) -> None:
        settings.CONSOLIDATION_WINDOW = 600
        for number in range(30):
            assert arrive(str(number)).flags == ""
            begin_anew()  # a minute later
        assert arrive("more than 3 a minute in 10 minutes").flags == "sender_rate"

    def test_it_is_the_channels_own_where_it_has_one(self) -> None:
        Channel.objects.update_or_create(slug="default", defaults={"sender_per_minute": 5})
        assert arrive(*"12345").flags == ""
        arrive("6")
        assert Batch.objects.get().flags == "sender_rate"

    def test_it_costs_no_statement_but_the_one_time(self, post: Post) -> None:
        def cost(guid: str) -> int:
            with CaptureStatements() as captured:
                post(sms(guid))
            return captured.number

        cost("g0")
        costs = [cost(f"g{number}") for number in range(1, 6)]
        assert costs[0] == costs[1] == costs[3] == costs[4]
        assert costs[2] == costs[0] + 3  # look and lock, flag, event


class CaptureStatements:
    """Counts statements, without those of transactions."""

    number = 0

    def __enter__(self) -> "CaptureStatements":
        self._wrapper = connection.execute_wrapper(self._count)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._wrapper.__exit__(*error)

    def _count(self, execute: Any, sql: str, *rest: Any) -> Any:
        self.number += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, *rest)


@pytest.mark.django_db
class TestChannel:
    def test_it_flags_every_batch_that_takes_part(self, post: Post, settings: Any) -> None:
        settings.INGEST_CHANNEL_PER_MINUTE = 4
        for number in range(6):
            assert post(sms(f"g{number}", number=f"+6391712345{number:02}")).status_code == 200
        assert list(Batch.objects.order_by("id").values_list("flags", flat=True)) == [
            *[""] * 4,
            "channel_rate",
            "channel_rate",
        ]

    def test_it_is_the_channels_own_where_it_has_one(self) -> None:
        Channel.objects.update_or_create(slug="default", defaults={"channel_per_minute": 1})
        arrive("1")
        arrive("2", sender=OTHER)
        assert dict(Batch.objects.values_list("sender", "flags")) == {SENDER: "", OTHER: "channel_rate"}

    def test_it_counts_each_channel_by_itself(self, settings: Any) -> None:
        settings.INGEST_CHANNEL_PER_MINUTE = 1
        arrive("1")
        Channel.objects.filter(slug="default").update(slug="before")
        arrive("2")
        assert not Batch.objects.exclude(flags="").exists()

    def test_it_adds_a_flag_to_another(self, settings: Any) -> None:
        settings.INGEST_CHANNEL_PER_MINUTE = 4
        batch = arrive(*"123456")
        batch.refresh_from_db()
        assert set(batch.flag_list) == {Flag.SENDER_RATE, Flag.CHANNEL_RATE}
        assert kinds(batch).count("flagged") == 2


@pytest.mark.django_db(transaction=True)
def test_it_answers_as_stored_when_it_cannot_flag(post: Post) -> None:
    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if "flags" in sql and sql.startswith("SELECT"):
            raise OperationalError("away")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        answer = post([sms(f"g{number}") for number in range(5)])
    assert (answer.status_code, Batch.objects.get().message_count) == (200, 5)
    post(sms("later"))
    assert Batch.objects.get().flags == "sender_rate"


@pytest.mark.django_db(transaction=True)
def test_one_of_two_processes_flags_a_batch() -> None:
    batches = [arrive("Yes", sender=f"+6391712345{number:02}") for number in range(20)]
    ids = [batch.pk for batch in batches]

    def flag(order: list[int]) -> list[int]:
        try:
            return flagging.flag(order, Flag.CHANNEL_RATE, "test", {})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        won = [found for result in threads.map(flag, [ids, ids[::-1]] * 2) for found in result]
    assert sorted(won) == ids
    assert all(kinds(batch).count("flagged") == 1 for batch in batches)


@pytest.mark.django_db
class TestAdmin:
    def test_it_shows_and_finds_flagged_batches(self, admin_client: Client) -> None:
        flagged, other = arrive(*"12345"), arrive("No", sender=OTHER)
        listed = reverse("admin:batches_batch_changelist")

        def found(word: str) -> set[int]:
            page = admin_client.get(listed, {"flag": word})
            return {batch.pk for batch in page.context["cl"].result_list}

        assert found("any") == found("sender_rate") == {flagged.pk}
        assert found("channel_rate") == set()
        assert found("") == {flagged.pk, other.pk}
        page = admin_client.get(reverse("admin:batches_batch_change", args=[flagged.pk])).content.decode()
        assert page.count("Sender writes too fast") == 2  # at the top and in the story
        assert "Flagged" in page
