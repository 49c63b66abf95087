"""Failed attempts: how many until somebody is told to wait, what the log says, and how much is remembered."""

import logging
from collections.abc import Iterator

import pytest

from batches import failures
from batches.failures import MAX_ADDRESSES, OTHERS, Failures


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counted(clock: Clock) -> Iterator[Failures]:
    counted = Failures("WEBHOOK", clock)
    yield counted
    counted.clear()  # its timer ends with nothing to tell, however long the tests run


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage().partition("WEBHOOK REFUSED | From: ")[2] for record in caplog.records]
    caplog.clear()
    return found


def test_it_tells_to_wait_until_the_minute_is_over(counted: Failures, clock: Clock) -> None:
    assert [counted.count("a", 2) for _ in range(4)] == [0, 0, 60, 60]
    clock.now += 45
    assert counted.count("a", 2) == 15
    clock.now += 15
    assert counted.count("a", 2) == 0


def test_it_tells_to_wait_a_second_at_least(counted: Failures, clock: Clock) -> None:
    counted.count("a", 1)
    clock.now += 59.9
    assert counted.count("a", 1) == 1


def test_it_logs_the_first_at_once_and_the_rest_once_a_minute(
    counted: Failures, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        counted.count("a", 5)
    assert lines(caplog) == ["a | Attempts without a valid token: 1"]
    clock.now += 59
    counted.tell()
    assert lines(caplog) == []
    clock.now += 1
    counted.tell()
    assert lines(caplog) == ["a | Attempts without a valid token: 99"]
    counted.count("a", 5)
    assert lines(caplog) == []
    clock.now += 60
    counted.tell()
    assert lines(caplog) == ["a | Attempts without a valid token: 1"]
    clock.now += 60
    counted.tell()
    assert lines(caplog) == []
    assert counted._seen == {}


def test_it_tells_by_itself_when_nobody_fails_any_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(failures, "PERIOD", 0.05)
    counted = Failures("WEBHOOK")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            counted.count("a", 100)
        while counted._timer is not None:
            counted._timer.join(10)
    assert lines(caplog) == [f"a | Attempts without a valid token: {number}" for number in (1, 2)]


@pytest.mark.parametrize("door", ["WEBHOOK", "API"])
def test_it_says_at_which_door(clock: Clock, caplog: pytest.LogCaptureFixture, door: str) -> None:
    counted = Failures(door, clock)
    counted.count("a", 5)
    counted.clear()
    [record] = caplog.records
    assert record.getMessage() == f"{door} REFUSED | From: a | Attempts without a valid token: 1"


def test_it_remembers_no_more_than_so_many(counted: Failures, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    for number in range(MAX_ADDRESSES + 500):
        counted.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1000)
    assert len(counted._seen) == MAX_ADDRESSES + 1
    assert counted._seen[OTHERS].count == 500


def test_it_counts_a_network_of_ipv6_as_one(counted: Failures) -> None:
    assert [counted.count(f"2001:db8:1:2::{last}", 1) for last in (1, 2)] == [0, 60]
    assert counted.count("2001:db8:1:3::1", 1) == 0


def test_it_counts_who_has_no_address(counted: Failures) -> None:
    assert [counted.count(None, 1) for _ in range(2)] == [0, 60]
