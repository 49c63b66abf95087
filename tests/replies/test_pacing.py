"""Not more replies a minute than the provider takes."""

import threading
from typing import Any

import pytest
from django.db import connection

from classification import usage
from replies import pacing, services
from replies.case import ALLOWED, Case, Decision
from replies.gate import admit, at_hand
from replies.limits import PER_MINUTE
from replies.models import Pace, Reply
from replies.senders import memory
from tests.replies.conftest import NUMBER, History, make_batch, pending, prepare

APART = 10.0  # seconds


@pytest.fixture
def six_a_minute(settings: Any) -> None:
    settings.SMS_SENDS_PER_MINUTE = 60 / APART


@pytest.mark.django_db
def test_it_asks_nothing_where_there_is_no_limit() -> None:
    assert [pacing.wait_for_turn("memory") for _ in range(3)] == [0, 0, 0]
    assert not Pace.objects.exists()


@pytest.mark.django_db
def test_it_gives_turns_one_after_the_other(six_a_minute: None) -> None:
    waits = [pacing.wait_for_turn("memory") for _ in range(4)]
    assert waits == pytest.approx([0, APART, 2 * APART, 3 * APART], abs=2)


@pytest.mark.django_db
def test_each_provider_has_its_own(six_a_minute: None) -> None:
    assert [pacing.wait_for_turn(name) for name in ("a", "b")] == [0, 0]


@pytest.mark.django_db
def test_it_saves_up_no_turns(six_a_minute: None) -> None:
    Pace.objects.create(provider="memory", next_at="2026-01-01T00:00Z")
    assert [pacing.wait_for_turn("memory") for _ in range(2)] == pytest.approx([0, APART], abs=2)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_turns(six_a_minute: None) -> None:
    waits: list[float] = []

    def take() -> None:
        try:
            waits.append(pacing.wait_for_turn("memory"))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([APART * turn for turn in range(8)], abs=3)


def test_a_reply_waits_for_its_turn(
    db: None, six_a_minute: None, history: History, outbox: list[memory.Sms]
) -> None:
    first, second = (prepare(make_batch(), history) for _ in range(2))
    assert (first.status, first.in_hand) == ("sending", True)
    assert (second.status, second.in_hand, second.attempt_count) == ("pending", False, 0)
    assert second.retry_in == pytest.approx(APART, abs=2)


@pytest.mark.django_db(transaction=True)
def test_it_keeps_the_turn_that_it_got(
    six_a_minute: None, history: History, outbox: list[memory.Sms]
) -> None:
    Pace.objects.create(provider="memory", next_at="2126-01-01T00:00Z")
    reply = pending(make_batch())
    told: list[float | None] = []
    for _ in range(2):
        waiting = services.send_once(reply.pk, record=history, then=lambda one: told.append(one.retry_in))
        assert (waiting.status, outbox) == ("pending", [])
    assert all(told)
    assert Pace.objects.get().next_at.year == 2126
    Reply.objects.update(send_at="2026-01-01T00:00Z")
    assert services.send_once(reply.pk, record=history).status == "sent"


@pytest.mark.django_db
def test_a_reply_that_is_looked_at_again_takes_one_turn(six_a_minute: None, settings: Any) -> None:
    settings.SENDER_REPLIES_PER_MINUTE = 1
    case = Case(NUMBER, make_batch().channel_id)
    [minute] = [bound.count for bound in at_hand(case).bounds if bound.rule == PER_MINUTE]
    looks: list[Case] = []

    def judge(now: Case) -> Decision:
        """Between the first look and the counting another worker takes what was left, and gives it back."""
        looks.append(now)
        (usage.take if len(looks) == 1 else usage.give_back)([minute])
        return ALLOWED

    decision = admit(case, "Thank you!", judge, turn=lambda: pacing.wait_for_turn("memory"))
    assert (decision, len(looks)) == (ALLOWED, 2)
    assert pacing.wait_for_turn("memory") == pytest.approx(APART, abs=2)
