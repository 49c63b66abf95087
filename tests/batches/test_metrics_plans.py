"""What a scrape asks of a database with a long history: indexes of open work, and events by their numbers."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import Batch, BatchEvent, Channel, Tally
from tests.batches.conftest import arrive, closed
from tests.batches.test_metrics import samples

SETTLED, EVENTS_EACH = 3000, 2
# A plan that reads a whole table: by PostgreSQL's words, and by SQLite's.
WHOLE = {
    "postgresql": re.compile(r"Seq Scan on (batches_batch|batches_batchevent|batches_message)\b"),
    "sqlite": re.compile(
        r"SCAN (batches_batch|batches_batchevent|batches_message)(?! USING (COVERING )?INDEX batch_)"
    ),
}


def long_history() -> None:
    channel, now = Channel.objects.get_or_create(slug="default")[0], timezone.now()
    later = now + timedelta(seconds=60)
    batches = Batch.objects.bulk_create(
        Batch(
            channel=channel, sender=f"+63917{number:07}", sender_kind="number", status="completed", outcome="replied",
            message_count=1, opened_at=now, closes_at=later, label="agree",
        )
        for number in range(SETTLED)
    )  # fmt: skip
    BatchEvent.objects.bulk_create(
        BatchEvent(batch=batch, at=now, kind="claimed", actor="worker")
        for batch in batches
        for _ in range(EVENTS_EACH)
    )


@pytest.mark.django_db
def test_a_scrape_reads_no_history() -> None:
    long_history()
    newest = BatchEvent.objects.latest("id").id
    Tally.objects.update_or_create(
        pk=1, defaults={"counted_id": newest, "seen_id": newest, "seen_transaction": 0}
    )
    closed("Yes", seconds=90)
    arrive("No", sender="+639171234500")
    Tally.objects.update(seen_id=BatchEvent.objects.latest("id").id)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        told = samples()
    assert told["messages_total{channel=default}"] == 2  # the events were read
    assert told["batches{status=open}"] == told["batches{status=closed}"] == 1
    selects = [
        query["sql"]
        for query in asked
        if query["sql"].startswith("SELECT") and "batches_batch" in query["sql"]
    ]
    assert len(selects) >= 4
    for sql in selects:
        found = plan(sql)
        assert not WHOLE[connection.vendor].search(found), f"{sql}\n{found}"


def plan(sql: str) -> str:
    """How this database would go about the statement, in its own words."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql.replace('%', '%%')}", [])
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
