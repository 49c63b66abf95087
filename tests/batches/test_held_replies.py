"""Replies that wait for the morning, for a minute or for a ceiling: everything is asked again before they go."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from batches import terms
from batches.choices import BatchStatus, Outcome
from batches.closing import reap
from batches.models import Batch, Channel
from classification import ceilings, rows
from classification.models import Ceiling, Usage
from classification.usage import sender_scope
from replies import switches
from replies.models import Mute, Reply, Switch
from replies.senders import memory
from replies.senders.base import refused
from tests.batches.conftest import SENDER, arrive, done
from tests.batches.may_reply.states import channel, clock, opted, passed, setting, settle

pytestmark = pytest.mark.django_db
ANA = "+639181234567"


@pytest.fixture(autouse=True)
def _channel(outbox: list[memory.Sms]) -> None:
    Channel.objects.get_or_create(slug="default")


@pytest.fixture
def held(settings: Any) -> Batch:
    """A conversation of the night, whose reply waits."""
    clock("02:00")(settings)
    batch = settle(arrive("Yes"))
    assert (batch.status, batch.replies.get().reason) == (BatchStatus.CLOSED, "quiet_hours")
    return batch


def morning(batch: Batch) -> Batch:
    """The quiet hours are over, and the reaper has brought the batch to a worker."""
    Channel.objects.update(quiet_policy="answer")
    return woken(batch)


def woken(batch: Batch) -> Batch:
    Batch.objects.filter(id=batch.id).update(lease_until=datetime(2026, 1, 1, tzinfo=UTC))
    assert reap() == 1
    return done(batch)


def test_it_waits_until_they_are_over(held: Batch, outbox: list[memory.Sms]) -> None:
    assert held.lease_until is not None
    wait = (held.lease_until - datetime.now(UTC)).total_seconds()
    assert 5 * 3600 - 120 < wait <= 5 * 3600
    assert reap() == 0
    batch = morning(held)
    assert (batch.outcome, len(outbox), batch.classifications.count()) == (Outcome.REPLIED, 1, 1)


def test_the_night_is_not_taken_off_its_time(held: Batch, settings: Any) -> None:
    """A night is longer than a reply may be tried: REPLY_EXPIRES_MINUTES begins in the morning."""
    reply = held.replies.get()
    assert reply.expires_at is not None
    assert held.lease_until is not None
    left = (reply.expires_at - held.lease_until).total_seconds()
    assert abs(left - settings.REPLY_EXPIRES_AFTER) < 60


def test_it_waits_again_where_it_is_still_quiet(held: Batch, outbox: list[memory.Sms]) -> None:
    batch = woken(held)
    assert (batch.status, batch.postponed, outbox) == (BatchStatus.CLOSED, True, [])
    assert batch.replies.get().reason == "quiet_hours"


def stopped(_: Any) -> None:
    switches.throw(None, stop=True, reason="a loop", actor="ana")


def muted(_: Any) -> None:
    now = datetime.now(UTC)
    default = Channel.objects.get()
    Mute.objects.create(
        channel=default, number=SENDER, reason="echo", since=now, until=now + timedelta(days=1)
    )


def no_more_today(_: Any) -> None:
    which = {"channel": None, "together": True, "meter": "replies", "period": "day"}
    Ceiling.objects.filter(**which).update(most=0)
    ceilings.live.cache_clear()


@pytest.mark.parametrize(
    ("meanwhile", "reason", "outcome"),
    [
        (opted("out"), "opted_out", Outcome.SUPPRESSED),
        (stopped, "stopped", Outcome.HELD),
        (channel(auto_reply_enabled=False), "auto_reply_disabled", Outcome.DISABLED),
        (channel(own_numbers=SENDER), "own_number", Outcome.SUPPRESSED),
        (muted, "muted", Outcome.SUPPRESSED),
        (no_more_today, "ceiling", Outcome.HELD),
    ],
)
def test_what_has_come_up_meanwhile_withdraws_it(
    held: Batch,
    outbox: list[memory.Sms],
    settings: Any,
    meanwhile: Callable[[Any], None],
    reason: str,
    outcome: Outcome,
) -> None:
    meanwhile(settings)
    batch = morning(held)
    reply = batch.replies.get()
    assert (reply.status, reply.reason, batch.outcome, outbox) == ("suppressed", reason, outcome, [])
    assert batch.events.filter(kind="reply_withdrawn").count() == 1


def test_the_senders_limit_is_asked_again(held: Batch, outbox: list[memory.Sms], settings: Any) -> None:
    """Answers to commands, for example, were sent in the night."""
    setting(SENDER_REPLIES_PER_HOUR=2)(settings)
    scope = sender_scope(held.channel_id, SENDER)
    until = datetime.now(UTC) + timedelta(minutes=30)
    Usage.objects.create(scope=scope, what="replies/hour", used=2, until=until)
    assert morning(held).replies.get().reason == "sender_per_hour"


def test_a_second_answer_waits_for_its_minute(outbox: list[memory.Sms], settings: Any) -> None:
    setting(SENDER_REPLIES_PER_MINUTE=1)(settings)
    settle(arrive("Yes"))
    batch = settle(arrive("And the bus?"))
    assert batch.lease_until is not None
    assert (batch.status, len(outbox)) == (BatchStatus.CLOSED, 1)
    assert 50 < (batch.lease_until - datetime.now(UTC)).total_seconds() <= 60
    passed(61)(settings)
    assert (woken(batch).outcome, len(outbox)) == (Outcome.REPLIED, 2)


def test_a_minutes_ceiling_only_makes_it_wait(outbox: list[memory.Sms], settings: Any) -> None:
    default = Channel.objects.get()
    Ceiling.objects.create(channel=default, meter="replies", period="minute", most=1)
    ceilings.live.cache_clear()
    settle(arrive("Yes"))
    batch = settle(arrive("Yes", sender=ANA))
    assert (batch.status, batch.replies.get().reason, len(outbox)) == ("closed", "ceiling_per_minute", 1)
    Usage.objects.update(until=F("until") - timedelta(seconds=61))
    assert (woken(batch).outcome, len(outbox)) == (Outcome.REPLIED, 2)


def test_a_repeated_attempt_is_not_counted_again(outbox: list[memory.Sms], settings: Any) -> None:
    setting(SENDER_REPLIES_PER_MINUTE=1, SENDER_REPLIES_PER_HOUR=1)(settings)
    memory.next_results.append(refused("http_503", "try later", retryable=True))
    batch = settle(arrive("Yes"))
    assert batch.status == BatchStatus.CLOSED
    assert (woken(batch).outcome, len(outbox)) == (Outcome.REPLIED, 2)
    assert Usage.objects.get(scope__startswith="sender", what="replies/hour").used == 1


@pytest.mark.django_db(transaction=True)
def test_the_breaker_is_loud(
    settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms.own_numbers.cache_clear()
    monkeypatch.setattr(rows, "end_of", lambda _: rows.now(90))  # which does not turn while the test runs
    settings.BREAKER_REPLIES_PER_MINUTE = 2
    numbers = [f"+6391712345{number:02}" for number in range(5)]
    outcomes = [settle(arrive("Yes", sender=number)).outcome for number in numbers]
    assert outcomes == [Outcome.REPLIED] * 2 + [Outcome.HELD] * 3
    assert Switch.objects.get().actor == "breaker"
    assert sorted(Reply.objects.values_list("reason", flat=True)) == ["", "", "breaker", "stopped", "stopped"]
    [loud] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert loud.startswith("REPLIES STOPPED | Channel: default | By: breaker | Reason: ")
