"""Times as people type them for a command: how long, or from when to when."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

from django.utils import timezone

MOST_DAYS = 36_500  # a century, as for MESSAGE_KEEP_DAYS: with much more, no date can be computed
LONGEST = timedelta(days=MOST_DAYS)
FIRST_YEAR, LAST_YEAR = 1900, 9000  # farther out, a time has no place in every time zone
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """A time span like 90s, 10m, 2h or 1d, of LONGEST at most. Raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is no time span; write it like 90s, 10m, 2h or 1d")
    length = timedelta(**{UNITS[match[2]]: int(match[1])})
    if length > LONGEST:
        raise ArgumentTypeError(f"{text!r} is too long; {MOST_DAYS}d at most")
    return length


def moment(text: str) -> datetime:
    """A day or a time (UTC, if it names no zone) like 2026-11-01 or 2026-11-01T08:30, or how long ago, like 7d.

    Raises ArgumentTypeError.
    """
    at = wall_time(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def wall_time(text: str) -> datetime:
    """The same, but without a zone where it names none. Raises ArgumentTypeError."""
    if re.fullmatch(r"\d+[smhd]", text):
        return timezone.now() - duration(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no time; write it like 2026-11-01, 2026-11-01T08:30 or 7d"
        ) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ArgumentTypeError(f"{text!r}: the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return at
