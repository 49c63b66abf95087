"""What a server's Retry-After asks for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from classification.retry_after import LONGEST, seconds


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0.1", 0.1),
        ("0", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),  # it is over
        ("Wed, 21 Oct 2099 07:28:00 GMT", LONGEST),
        ("100000000", LONGEST),
        ("1e400", LONGEST),
    ],
)
def test_it_reads_seconds_and_dates(value: str, wait: float) -> None:
    assert seconds(value) == wait


def test_a_date_is_told_from_now() -> None:
    in_a_minute = datetime.now(UTC) + timedelta(minutes=1)
    wait = seconds(format_datetime(in_a_minute, usegmt=True))
    assert wait is not None
    assert 50 < wait <= 60


@pytest.mark.parametrize(
    "value", ["", "soon", "nan", "-5", "-inf", "Wed, 99 Oct 2015", "1 Jan 99999 00:00:00 GMT"]
)
def test_what_it_cannot_understand_asks_for_nothing(value: str) -> None:
    assert seconds(value) is None
