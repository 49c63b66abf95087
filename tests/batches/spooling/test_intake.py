"""Deliveries while the database is away: they are taken, or told to come again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches import access, channels, keywords
from batches.detour import detour
from batches.models import Batch, Channel, Message, RejectedDelivery
from batches.spool import Spool
from batches.timeline import timeline
from batches.views import channel_of
from classification import believed
from tests.batches.conftest import URL, Post, answer, sms
from tests.batches.spooling.conftest import drained, locked
from tests.support.databases import ON_POSTGRES

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_how_many_were_spooled(post: Post, spool: Spool) -> None:
    with locked():
        response = post({"messages": [sms("a"), sms("b"), {}]})
        assert spool.state().waiting == 2
    document = answer(response)
    assert response.status_code == 200
    assert (document["status"], document["processed"], document["spooled"], document["rejected"]) == (
        "success",
        0,
        2,
        1,
    )
    assert "spooled 2 messages" in document["message"]
    drained()
    assert Batch.objects.get().message_count == 2


def test_it_keeps_the_time_of_receipt_and_tells_of_the_wait(post: Post, spool: Spool) -> None:
    with locked():
        before = timezone.now()
        post(sms("a"))
        after = timezone.now()
    drained()
    message = Message.objects.get()
    assert before <= message.received_at <= after - timedelta(seconds=2)
    assert message.batch.opened_at > message.received_at
    told = {name: value for entry in timeline(message.batch) for name, value in entry.facts}
    assert "Waited for the database" in told


def test_nothing_overtakes_what_waits(post: Post, spool: Spool) -> None:
    with spool.draining():  # nobody else may drain
        with locked():
            post(sms("a"))
        document = answer(post(sms("b")))
        assert document["spooled"] == 1
        assert not Message.objects.exists()
    drained()
    assert list(Message.objects.order_by("id").values_list("provider_message_id", flat=True)) == ["a", "b"]
    assert "spooled" not in answer(post(sms("c")))


def test_a_repeat_is_known_in_the_spool_too(post: Post, spool: Spool) -> None:
    post(sms("a"))
    with locked():
        post(sms("a"))
        post(sms("b"))
        post(sms("b"))
    drained()
    assert sorted(Message.objects.values_list("provider_message_id", "repeats")) == [("a", 1), ("b", 1)]


def test_it_answers_503_when_the_spool_is_full_too(post: Post, spool: Spool, settings: Any) -> None:
    settings.SPOOL_MAX_MESSAGES = 2
    with locked():
        assert post(sms("a")).status_code == 200
        response = post([sms("b"), sms("c")])
        assert post(sms("d")).status_code == 200
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert answer(response)["status"] == "error"
    drained()
    assert set(Message.objects.values_list("provider_message_id", flat=True)) == {"a", "d"}


def test_it_answers_503_when_there_can_be_no_spool(post: Post, spool: Spool, settings: Any) -> None:
    settings.SPOOL_PATH = "/proc/nowhere/spool.sqlite3"
    with locked():
        assert post(sms("a")).status_code == 503
        assert post(sms("b")).status_code == 503
    drained()
    assert post(sms("c")).status_code == 200
    assert Message.objects.get().provider_message_id == "c"


def test_a_fault_of_ours_is_no_outage(client: Client, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.ingest_sql._EVENTS", "INSERT INTO no_such_table SELECT 1 FROM {rows}")
    client.raise_request_exception = False
    assert client.post(URL, sms("a"), content_type="application/json").status_code == 500
    assert not spool.path.exists()


def test_only_the_first_waits(post: Post, spool: Spool) -> None:
    """Eight at once: they wait together, and whoever comes after them does not wait at all."""
    with locked(), ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(_post_in_thread, range(8)))
        waited = [_count_attempts(lambda: post(sms("later")))]
    assert answers == [200] * 8
    assert waited == [0]
    drained()
    assert Message.objects.count() == 9


def _post_in_thread(number: int) -> int:
    try:
        return Client().post(URL, sms(f"g{number}"), content_type="application/json").status_code
    finally:
        connections.close_all()


def _count_attempts(act: Callable[[], object]) -> int:
    """How often the database was asked while `act` ran in this thread."""
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


if ON_POSTGRES:  # SQLite locks everything at once

    def test_it_spools_when_the_keywords_are_locked_too(
        post: Post, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They stay as they were read last: their cancelled look-up ends nothing, and the message comes after it."""
        post(sms("before"))
        later = time.monotonic() + keywords.BELIEVED
        monkeypatch.setattr(believed, "monotonic", lambda: later)
        with ThreadPoolExecutor(1) as threads, locked("batches_keyword, batches_message"):
            assert threads.submit(_post_in_thread, 1).result(20) == 200
            assert spool.state().waiting == 1
        drained()
        assert Message.objects.count() == 2


def test_it_remembers_channels_and_knows_no_others(post: Post, spool: Spool) -> None:
    channel = Channel.objects.create(slug="known")
    assert channels.last_known("known", lambda: Channel.objects.get(slug="known")) == channel
    detour.begin(away=True)
    try:
        assert channels.last_known("known", lambda: Channel.objects.get(slug="known")) == channel
        assert channels.last_known("default", lambda: Channel.objects.get(slug="default")).pk is None
        with pytest.raises(channels.ChannelUnknown):
            channels.last_known("other", lambda: Channel.objects.get(slug="other"))
    finally:
        drained()


def test_it_takes_for_a_channel_of_which_it_has_read_the_token_alone(
    client: Client, post: Post, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = Channel.objects.create(slug="clinic")
    url = f"/api/webhook/clinic/{access.issue(clinic)[1]}"
    assert client.get(url).status_code == 200
    monkeypatch.setattr(channels, "SECONDS", 0.1)
    with locked("batches_message, batches_batch, batches_channel"):
        assert answer(post(sms("a"), url=url))["spooled"] == 1
    drained()
    assert Message.objects.get().channel == clinic


def test_stored_messages_are_answered_so_though_the_refused_cannot_be_recorded(
    post: Post, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **named: Any) -> None:
        raise IntegrityError("refused")

    monkeypatch.setattr(RejectedDelivery.objects, "create", refuse)
    response = post([sms("a"), {}])
    assert (response.status_code, answer(response)["processed"], answer(response)["rejected"]) == (200, 1, 1)
    assert post(b"{").status_code == 400


def test_it_touches_no_spool_while_all_is_well(post: Post, spool: Spool) -> None:
    channel_of.cache_clear()
    assert post(sms("a")).status_code == 200
    assert not spool.path.parent.joinpath("spool.sqlite3").exists()
    assert not detour.on


def test_it_masks_what_it_logs(post: Post, spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    """The log's masks go by the names of a record's values: see smsconsolidator/logs.py."""
    with locked():
        post(sms("a", text="a private text"))
    [record] = [one for one in caplog.records if one.getMessage().startswith("SMS SPOOLED")]
    assert isinstance(record.args, dict)
    assert set(record.args) == {"sender", "guid"}
