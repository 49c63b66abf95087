"""Old conversations and the command that archives them."""

from pathlib import Path
from typing import Any

from django.db import connection

from batches.choices import BatchStatus
from batches.closing import close_now
from batches.models import Batch
from batches.pipeline import process
from batches.retention.archiving import TABLES
from tests.batches.conftest import age, arrive
from tests.support.commands import as_json

DAY = 86_400
OLD, YOUNG = 500 * DAY, 100 * DAY


def settled(number: int, seconds: float, *texts: str) -> Batch:
    """A conversation that was processed for real, so long ago."""
    batch = arrive(*(texts or ("Yes, I can", "on my way")), sender=f"+63917{number:07}")
    close_now([batch.id], "test")
    process(batch.id, "test")
    age(batch, seconds)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED
    return batch


def contents() -> dict[str, tuple[int, str]]:
    """Of each table: how many rows, and a checksum over all their values."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY id)) FROM {table} t"  # noqa: S608 - fixed names
            )
            found[table] = cursor.fetchone()
    return found


def files(directory: Path) -> list[str]:
    return [str(file) for file in sorted(directory.glob("*.jsonl.gz"))]


def run(*arguments: str) -> dict[str, Any]:
    return dict(as_json("archive_batches", *arguments)["rows"])
