"""Membership: which message ends in which batch."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import F

from batches.choices import BatchStatus
from batches.inbound.base import InboundSms
from batches.ingest import Ingested, ingest
from batches.models import Batch, Channel, Message
from tests.batches.conftest import SENDER, age, arrive, kinds


@pytest.mark.django_db
class TestWindow:
    def test_it_counts_from_the_first_message(self, settings: Any) -> None:
        settings.CONSOLIDATION_WINDOW = 60
        batch = arrive("Yes")
        assert batch.closes_at - batch.opened_at == timedelta(seconds=60)

    def test_it_takes_a_message_just_before_the_end(self) -> None:
        batch = arrive("Yes")
        age(batch, 59.9)
        assert arrive("I can help") == batch
        assert list(batch.messages.values_list("text", flat=True)) == ["Yes", "I can help"]

    def test_it_opens_a_new_batch_at_the_end_though_no_sweep_has_run(self) -> None:
        batch = arrive("Yes")
        age(batch, 60.0)
        successor = arrive("Hello again")
        batch.refresh_from_db()
        assert successor != batch
        assert (batch.status, batch.message_count) == (BatchStatus.CLOSED, 1)
        assert kinds(batch) == ["opened", "closed"]
        assert batch.events.get(kind="closed").actor == "web"

    def test_it_is_the_channels_own_where_it_has_one(self) -> None:
        Channel.objects.update_or_create(slug="default", defaults={"window_seconds": 5})
        batch = arrive("Yes")
        assert batch.closes_at - batch.opened_at == timedelta(seconds=5)

    def test_it_is_each_senders_own(self) -> None:
        first, second = arrive("Yes"), arrive("No", sender="+639181234567")
        assert first != second

    def test_it_stays_open_to_nobody_after_closing(self) -> None:
        batch = arrive("Yes")
        Batch.objects.filter(id=batch.id).update(status="completed", outcome="replied")
        assert arrive("More") != batch


@pytest.mark.django_db
class TestRecord:
    def test_it_writes_an_event_for_every_step(self) -> None:
        batch = arrive("Yes", "I can")
        arrive("but after 6")
        opened, added = batch.events.all()
        assert (opened.kind, len(opened.data["messages"])) == ("opened", 2)
        assert (added.kind, len(added.data["messages"])) == ("message_added", 1)

    def test_it_never_merges_senders_that_are_no_numbers(self) -> None:
        arrive("a", sender="GLOBE")
        arrive("b", sender="Globe")
        arrive("c", sender="2255")
        assert Batch.objects.count() == 3


def _in_thread(messages: list[InboundSms]) -> Ingested:
    try:
        return ingest(Channel.objects.get(slug="default"), messages)
    finally:
        connection.close()


def _at_once(deliveries: list[list[InboundSms]]) -> list[Ingested]:
    with ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(_in_thread, deliveries))


def _sms(guid: str, sender: str = SENDER) -> InboundSms:
    return InboundSms(guid, sender, "Yes", None, "", "{}")


@pytest.mark.django_db(transaction=True)
class TestAllOrNothing:
    def test_it_stores_nothing_of_a_delivery_that_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("batches.ingest_sql._EVENTS", "INSERT INTO no_such_table SELECT 1 FROM {rows}")
        with pytest.raises(DatabaseError):
            arrive("Yes")
        assert not Batch.objects.exists()
        assert not Message.objects.exists()

    def test_it_raises_what_the_database_goes_on_refusing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "batches.ingest_sql._EVENTS", "INSERT INTO batches_batchevent (id) SELECT 1 FROM {rows}"
        )
        with pytest.raises(IntegrityError):
            arrive("Yes")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_hundred_messages_of_a_new_sender_make_one_batch(self) -> None:
        results = _at_once([[_sms(f"g{number}")] for number in range(100)])
        batch = Batch.objects.get()
        assert sum(result.stored for result in results) == 100
        assert (batch.message_count, batch.messages.count()) == (100, 100)
        assert kinds(batch).count("opened") == 1

    def test_one_guid_fifty_times_is_stored_once(self) -> None:
        results = _at_once([[_sms("same")] for _ in range(50)])
        message = Message.objects.get()
        assert sum(result.stored for result in results) == 1
        assert sum(result.duplicates for result in results) == 49
        assert (message.repeats, Batch.objects.get().message_count) == (49, 1)

    def test_lists_with_the_same_senders_do_not_lock_each_other_out(self) -> None:
        senders = [f"+63917{number:07}" for number in range(20)]
        lists = [
            [_sms(f"{turn}-{sender}", sender) for sender in (senders if turn % 2 else reversed(senders))]
            for turn in range(16)
        ]
        results = _at_once(lists)
        assert sum(result.stored for result in results) == 320
        assert not Batch.objects.exclude(message_count=16).exists()

    def test_messages_at_the_end_of_a_window_share_the_next_batch(self) -> None:
        first = arrive("Yes")
        age(first, 61)
        _at_once([[_sms(f"g{number}")] for number in range(30)])
        counts = Batch.objects.order_by("id").values_list("status", "message_count")
        assert list(counts) == [("closed", 1), ("open", 30)]
        assert not Message.objects.filter(received_at__lt=F("batch__opened_at")).exists()


if "postgresql" in settings.DATABASES["default"]["ENGINE"]:  # SQLite has no server that could be restarted

    @pytest.mark.django_db(transaction=True)
    def test_it_survives_a_connection_that_died_while_it_was_idle() -> None:
        batch = arrive("Yes")
        channel = batch.channel  # loaded while the connection lives
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [backend] = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        other.close()
        assert ingest(channel, [_sms("next")]).stored == 1
        batch.refresh_from_db()
        assert batch.message_count == 2
