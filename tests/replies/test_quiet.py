"""Quiet hours by the clocks of a place, over midnight and where clocks are changed."""

from datetime import UTC, datetime, time

import pytest

from replies.quiet import QuietHours

NIGHT = (time(21), time(7))
HOUR, MINUTE = 3600, 60


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "now", "left"),
    [
        # Over midnight, in Manila (+8, no summer time).
        (NIGHT, "Asia/Manila", "2026-05-03T20:59:59+08:00", 0),
        (NIGHT, "Asia/Manila", "2026-05-03T21:00:00+08:00", 10 * HOUR),
        (NIGHT, "Asia/Manila", "2026-05-03T23:30:00+08:00", 7.5 * HOUR),
        (NIGHT, "Asia/Manila", "2026-05-04T00:00:00+08:00", 7 * HOUR),
        (NIGHT, "Asia/Manila", "2026-05-04T06:59:59+08:00", 1),
        (NIGHT, "Asia/Manila", "2026-05-04T07:00:00+08:00", 0),
        (NIGHT, "Asia/Manila", "2026-05-04T12:00:00+08:00", 0),
        # The place says what is night, not the sender and not UTC.
        (NIGHT, "Asia/Manila", "2026-05-03T15:00:00+00:00", 8 * HOUR),
        (NIGHT, "UTC", "2026-05-03T15:00:00+00:00", 0),
        (NIGHT, "Asia/Kathmandu", "2026-05-03T15:15:00+00:00", 10 * HOUR),
        # Within a day.
        ((time(12), time(13, 30)), "Asia/Manila", "2026-05-03T11:59:00+08:00", 0),
        ((time(12), time(13, 30)), "Asia/Manila", "2026-05-03T12:45:00+08:00", 45 * MINUTE),
        ((time(12), time(13, 30)), "Asia/Manila", "2026-05-03T13:30:00+08:00", 0),
        # Until midnight, and from it.
        ((time(22), time(0)), "Asia/Manila", "2026-05-03T23:00:00+08:00", HOUR),
        ((time(22), time(0)), "Asia/Manila", "2026-05-03T00:00:00+08:00", 0),
        ((time(0), time(6)), "Asia/Manila", "2026-05-03T00:00:00+08:00", 6 * HOUR),
        # Clocks put forward in the night (New York, 8 March 2026, 2:00 becomes 3:00): it is an hour shorter.
        (NIGHT, "America/New_York", "2026-03-07T22:00:00-05:00", 8 * HOUR),
        (NIGHT, "America/New_York", "2026-03-08T03:00:00-04:00", 4 * HOUR),
        # Put back (1 November 2026, 2:00 becomes 1:00): an hour longer.
        (NIGHT, "America/New_York", "2026-10-31T22:00:00-04:00", 10 * HOUR),
        (NIGHT, "America/New_York", "2026-11-01T01:30:00-04:00", 6.5 * HOUR),
        (NIGHT, "America/New_York", "2026-11-01T01:30:00-05:00", 5.5 * HOUR),
        # The end is left out by the clocks: 2:30 does not exist, and half an hour later is 3:30.
        ((time(23), time(2, 30)), "America/New_York", "2026-03-08T01:00:00-05:00", 1.5 * HOUR),
        ((time(23), time(2, 30)), "America/New_York", "2026-03-08T03:00:00-04:00", 0),
        # The end comes twice: 1:30, and 1:30 again after it was quiet from 1:00.
        ((time(23), time(1, 30)), "America/New_York", "2026-11-01T00:30:00-04:00", HOUR),
        ((time(23), time(1, 30)), "America/New_York", "2026-11-01T01:45:00-04:00", 0),
        ((time(23), time(1, 30)), "America/New_York", "2026-11-01T01:10:00-05:00", 20 * MINUTE),
        # The end of the month and of the year.
        (NIGHT, "Asia/Manila", "2026-12-31T23:00:00+08:00", 8 * HOUR),
        (NIGHT, "Asia/Manila", "2028-02-28T23:00:00+08:00", 8 * HOUR),
    ],
)
def test_how_long_it_is_quiet(hours: tuple[time, time], zone: str, now: str, left: float) -> None:
    assert QuietHours("hold", *hours, zone).seconds_left(at(now)) == pytest.approx(left)
