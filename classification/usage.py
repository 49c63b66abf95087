"""Counting against limits, for all processes together and without looking into the past.

One row holds how much there has been of something until the end of its period. Adding to several of them is one
statement; a row that would get above its limit is left as it was, so of two who want the last one, one gets it.
It lives in the lowest application so that all others can build on it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from classification import rows
from classification.clock import Now
from classification.models import Period, Usage

EVERYBODY = "all"
ONE = Decimal(1)
COLUMNS = ("scope", "what", "used", "most", "until")
# Written out because Django's ORM has no upsert that adds behind a condition.
TAKE = """
INSERT INTO classification_usage AS t (scope, what, used, most, until) VALUES {values}
ON CONFLICT (scope, what) DO UPDATE SET
    used = CASE WHEN t.until > {now} THEN t.used ELSE 0 END + excluded.used,
    until = CASE WHEN t.until > {now} THEN t.until ELSE excluded.until END,
    most = excluded.most
WHERE excluded.most IS NULL
   OR CASE WHEN t.until > {now} THEN t.used ELSE 0 END + excluded.used <= excluded.most
RETURNING scope, what, used
"""


@dataclass(frozen=True)
class Count:
    """So much more of something, of which there may be `most` (None: any number) until `until`.

    That is a time by the database's clock, as all machines have it, or the end of one of its periods.
    """

    scope: str
    what: str
    until: Period | rows.Sql
    amount: Decimal = ONE
    most: Decimal | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.scope, self.what


def channel_scope(channel_id: int) -> str:
    """Whose a count is that all senders of a channel share."""
    return f"channel:{channel_id}"


def sender_scope(channel_id: int, number: str) -> str:
    """Whose a count is that one sender has for itself on each channel."""
    return f"sender:{channel_id}:{number}"


def end_of(period: Period | str, now: datetime | None = None) -> datetime:
    """When the minute, day or month of UTC ends in which it is now: for people, by this machine's clock."""
    minute = (now or timezone.now()).replace(second=0, microsecond=0)
    if period == Period.MINUTE:
        return minute + timedelta(minutes=1)
    day = minute.replace(hour=0, minute=0)
    if period == Period.DAY:
        return day + timedelta(days=1)
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def take(counts: Collection[Count]) -> list[Count]:
    """Add all of them, or none: gives those that would get above their limit, when there are any.

    One statement where nothing is. In a transaction, others who count the same wait for its end.
    """
    found = sorted(counts, key=lambda count: count.key)
    above = [count for count in found if count.most is not None and count.amount > count.most]
    if above or not found:
        return above
    used = _take(found)
    refused = [count for count in found if count.key not in used]
    if refused:
        give_back(count for count in found if count.key in used)
    return refused


def give_back(counts: Iterable[Count]) -> None:
    """Take them off again, in the transaction that has added them or so soon after it that the period is the same."""
    for count in counts:
        Usage.objects.filter(scope=count.scope, what=count.what).update(used=F("used") - count.amount)


def prune() -> None:
    """Forget what counts as nothing."""
    Usage.objects.filter(until__lt=Now()).delete()


def _take(counts: Sequence[Count]) -> dict[tuple[str, str], Decimal]:
    values, parameters = list[str](), list[Any]()
    for count in counts:
        until = rows.end_of(count.until) if isinstance(count.until, Period) else count.until
        row = dict(zip(COLUMNS, (*count.key, count.amount, count.most, until), strict=True))
        values.append(f"({', '.join(rows.adapted(Usage, row, parameters))})")
    statement = TAKE.format(values=", ".join(values), now=rows.now())
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {(scope, what): used for scope, what, used in cursor.fetchall()}
