"""Where a limit or quiet hours decide about a reply, the database's clock counts, not that of the node."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from classification import ceilings, rows, usage
from classification.models import Ceiling, Period, Usage
from classification.usage import Count, end_of
from replies import limits
from replies.case import Terms
from replies.quiet import QuietHours
from replies.voice import Voice
from tests.replies.conftest import NUMBER, History, make_batch, prepare
from tests.support.clocks import off_by

pytestmark = pytest.mark.django_db
WIDE = 40  # days: in every period the clock is in another one


@pytest.mark.parametrize("days", [-WIDE, WIDE])
@pytest.mark.parametrize("period", list(Period))
def test_a_ceilings_period(monkeypatch: pytest.MonkeyPatch, period: Period, days: int) -> None:
    Ceiling.objects.update_or_create(channel=None, together=True, meter="replies", period=period)
    Ceiling.objects.update(most=9)
    ceilings.live.cache_clear()
    assert_it_ends_in_time(f"replies/{period}", period, monkeypatch, days)


@pytest.mark.parametrize("days", [-WIDE, WIDE])
def test_the_breakers_minute(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    assert_it_ends_in_time("breaker/minute", Period.MINUTE, monkeypatch, days)


def assert_it_ends_in_time(what: str, period: Period, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Although the node that counts lives in other days."""
    before = end_of(period)
    with monkeypatch.context() as node:
        node.setattr(timezone, "datetime", off_by(timedelta(days=days)))
        bounds = limits.bounds("automatic", make_batch().channel_id, NUMBER, 1, Voice())
        assert usage.take([bound.count for bound in bounds if bound.count.what == what]) == []
    [until] = {row.until for row in Usage.objects.filter(what=what)}
    assert before <= until <= end_of(period)


@pytest.mark.parametrize(
    ("period", "now", "end"),
    [
        ("minute", "2026-05-03T10:15:59.9", "2026-05-03T10:16"),
        ("minute", "2026-12-31T23:59:00", "2027-01-01T00:00"),
        ("day", "2026-05-03T23:59:59", "2026-05-04T00:00"),
        ("day", "2028-02-28T00:00", "2028-02-29T00:00"),
        ("month", "2026-01-31T10:00", "2026-02-01T00:00"),
        ("month", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("month", "2028-02-29T12:00", "2028-03-01T00:00"),
    ],
)
def test_periods_end_as_the_databases_clock_shows_it(period: str, now: str, end: str) -> None:
    cast = "CAST('{}+00' AS timestamptz)" if connection.vendor == "postgresql" else "'{}'"
    usage.take([Count("all", "replies", rows.end_of(period, rows.Sql(cast.format(now))))])
    assert Usage.objects.get().until == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_hours(monkeypatch: pytest.MonkeyPatch, quiet: bool) -> None:
    """It is night by the database's clock, and by the node's noon; or the other way round."""
    night = datetime.now(UTC) + timedelta(hours=0 if quiet else 12)
    starts, ends = ((night + timedelta(hours=hours)).time() for hours in (-2, 2))
    monkeypatch.setattr(timezone, "datetime", off_by(timedelta(hours=12)))
    terms = Terms(quiet=QuietHours("hold", starts, ends, "UTC"))
    reply = prepare(make_batch(), History(), terms=terms)
    assert reply.status == ("pending" if quiet else "sending")
