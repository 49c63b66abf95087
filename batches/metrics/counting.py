"""Adding the batches' events up, each once, when somebody asks for the figures.

Every event has a number and is never changed or taken back, so the figures need no scan of the tables: what has come
since the last look is added to one row. It is done by whoever is asked, not by the sweep: closing stays undisturbed,
and where nobody scrapes it costs nothing. Several web processes on several machines share the row; one counts, the
others meanwhile read what it has counted.

PostgreSQL gives out numbers in one order and commits in another. So a look only notes the newest number, and which
transactions there are; a later look counts up to there, once those that were writing events are over. Such a one holds
a lock on the table from before it takes a number until its end. SQLite has one writer at a time, so what is visible is
complete.
"""

import time
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from batches.metrics import folding
from batches.metrics.figures import Figures
from batches.models import BatchEvent, Channel, Tally

CHUNK = 2000  # events counted in one transaction
SECONDS = 1.0  # for one look; what is left is counted by the next one
THE_ROW = 1


@dataclass(frozen=True)
class Counted:
    """The figures, and how many events wait to be counted."""

    figures: Figures
    behind: int


def begin() -> Tally:
    """The row; what happened before it was made is not counted. Made by the migration, or else by the first look."""
    newest = _newest()
    start = {"counted_id": newest, "seen_id": newest}
    return Tally.objects.get_or_create(pk=THE_ROW, defaults=start)[0]


def count() -> Counted:
    """The figures of now."""
    begin()
    end = time.monotonic() + SECONDS
    while _count_some() and time.monotonic() < end:
        pass
    tally = Tally.objects.get(pk=THE_ROW)
    folding.show_channels(tally.figures, Channel.objects.order_by("id").values_list("slug", flat=True))
    return Counted(tally.figures, max(0, _newest() - tally.counted_id))


def _count_some() -> bool:
    """Add up to CHUNK events; whether there are more that can be counted now."""
    with transaction.atomic():
        tally = Tally.objects.select_for_update(skip_locked=True).filter(pk=THE_ROW).first()
        if tally is None:
            return False  # somebody else is at it
        settled = _look(tally)
        until = min(settled, tally.counted_id + CHUNK)
        if until > tally.counted_id:
            folding.fold(tally.figures, tally.counted_id, until)
            tally.counted_id = until
        tally.save()
    return until < settled


def _look(tally: Tally) -> int:
    """The number up to which every event is there to be seen."""
    newest = _newest()
    if connection.vendor != "postgresql":
        tally.seen_id = newest
        return newest
    writers = _writers()
    if any(number is not None and number < tally.seen_transaction for number in writers.open):
        return tally.counted_id  # it was there at the look before and may hold a number: look again later
    settled = tally.seen_id
    if None not in writers.open:  # else it may hold a number and get a transaction's later: nothing to go by
        tally.seen_id = newest
        tally.seen_transaction = max([writers.following, *(number + 1 for number in writers.open if number)])
    return settled


class _Writers(NamedTuple):
    """The next transaction's number, and those of the open ones that may write events (None: not given yet)."""

    following: int
    open: list[int | None]


def _writers() -> _Writers:
    """As PostgreSQL tells them (its views pg_locks and pg_stat_activity).

    Activity names transactions by 32 bits; their age counts from our own, which is known in 64.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
            "       array_agg(pg_current_xact_id()::text::bigint - age(a.backend_xid)) FILTER (WHERE l.pid IS NOT NULL)"
            " FROM (SELECT 1) AS one"
            " LEFT JOIN pg_locks l ON l.relation = %s::regclass AND l.mode = 'RowExclusiveLock'"
            "                     AND l.granted AND l.pid <> pg_backend_pid()"
            " LEFT JOIN pg_stat_activity a ON a.pid = l.pid",
            [BatchEvent._meta.db_table],
        )
        following, numbers = cursor.fetchone()
    return _Writers(following, numbers or [])


def _newest() -> int:
    return BatchEvent.objects.aggregate(newest=Max("id"))["newest"] or 0
