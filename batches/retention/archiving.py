"""Taking old conversations out of a PostgreSQL database into files, and putting them back, beside a running service.

Each step is one transaction over some settled batches: lock them, read every row that hangs on them, write those to a
new file, read the file again, delete the rows, and commit only if as many went as the file holds. Whoever dies in
between has lost nothing: the rows are still there, and the next run writes a file of the same name.

What the database must go on knowing stays: conversations on which the ledger of consent or a reviewer's correction
hangs, and those that are answered together with another.
"""

import gzip
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Exists, Min, OuterRef, Q

from batches import durable
from batches.choices import SETTLED
from batches.models import Batch, Channel
from batches.querysets import BatchQuerySet
from batches.retention.rows import lock_settled, next_by_time
from classification.models import Correction
from replies.models import Consent

CHUNK = 1000  # batches in one transaction and one file
PAUSE = 0.01  # seconds between two
AT_ONCE = 100  # rows that one statement puts back; each may hold a body of WEBHOOK_MAX_BYTES, and jsonb takes 256 MB
SUFFIX, LIST = ".jsonl.gz", ".json"
REPLIES_OF = "SELECT id FROM replies_reply WHERE batch_id = ANY(%s)"  # the attempts hang on them
# Each table and the condition for the rows that hang on some batches, in the order in which they may be put back.
TABLES = {
    "batches_batch": "id = ANY(%s)",
    "batches_message": "batch_id = ANY(%s)",
    "batches_batchevent": "batch_id = ANY(%s)",
    "classification_classification": "batch_id = ANY(%s)",
    "replies_reply": "batch_id = ANY(%s)",
    "replies_replyattempt": f"reply_id IN ({REPLIES_OF})",
}


class ArchiveError(Exception):
    """A file cannot be written or is not what was written; nothing has been deleted for it."""


def due(before: datetime, channel: Channel | None = None) -> BatchQuerySet:
    """The settled batches that began before it and on which nothing hangs that stays."""
    ledger = Consent.objects.filter(message__batch=OuterRef("pk"))
    corrections = Correction.objects.filter(classification__batch=OuterRef("pk"))
    together = Q(successor__isnull=False) | Exists(Batch.objects.filter(successor=OuterRef("pk")))
    rows = Batch.objects.filter(opened_at__lt=before, status__in=SETTLED)
    rows = rows.exclude(together).exclude(Exists(ledger)).exclude(Exists(corrections))
    return rows.filter(channel=channel) if channel else rows


def archive(rows: BatchQuerySet, directory: Path) -> Iterator[Counter[str]]:
    """Move `rows` into files of `directory`; gives after each transaction how many rows of each table it were.

    Raises ArchiveError.
    """
    os.umask(0o077)  # it holds people's messages
    durable.make(directory)
    last: tuple[datetime, int] | None = None
    while some := next_by_time(rows, last, CHUNK):
        last = some[-1]
        yield _move([batch_id for _, batch_id in some], some[0][0], directory)
        time.sleep(PAUSE)


def _move(ids: list[int], first: datetime, directory: Path) -> Counter[str]:
    try:
        return _moved(ids, first, directory)
    except IntegrityError as problem:  # somebody has hung a correction on it this instant
        raise ArchiveError(f"something came in between, run it again: {problem}") from problem


def _moved(ids: list[int], first: datetime, directory: Path) -> Counter[str]:
    with transaction.atomic():
        locked = lock_settled(ids)
        if not locked:
            return Counter()
        file = directory / f"batches-{first:%Y%m%dT%H%M%SZ}-{locked[0]}-{locked[-1]}{SUFFIX}"
        with _nothing_half_written(file):
            written = _write(file, locked)
        if _count(file) != written:
            raise ArchiveError(f"{file} does not hold what was written")
        deleted = {table: _delete(table, locked) for table in reversed(TABLES)}
        if Counter(deleted) != written:
            raise ArchiveError(f"{file} holds {dict(written)}, but {deleted} would be deleted: run it again")
    return written


@contextmanager
def _nothing_half_written(file: Path) -> Iterator[None]:
    """On a full disk, say. Raises ArchiveError."""
    try:
        yield
    except OSError as problem:
        for half in (file, _list_of(file)):
            durable.draft_of(half).unlink(missing_ok=True)
        raise ArchiveError(
            f"{file} cannot be written: {problem.strerror or problem}; its rows stay"
        ) from problem


def _write(file: Path, ids: Sequence[int]) -> Counter[str]:
    """The rows as PostgreSQL writes them as JSON, one a line, and beside the file how many they are and its digest."""
    counts, draft = Counter[str](), durable.draft_of(file)
    with durable.written(draft) as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed:
        for table, condition in TABLES.items():
            for row in _rows(table, condition, ids):
                packed.write(f'{{"table": "{table}", "row": {row}}}\n'.encode())
                counts[table] += 1
    told = {"sha256": _digest(draft), "rows": counts}
    with durable.written(durable.draft_of(_list_of(file))) as raw:
        raw.write(json.dumps(told, indent=1).encode())
    durable.publish(_list_of(file), file)
    return counts


def _rows(table: str, condition: str, ids: Sequence[int]) -> Iterator[str]:
    with connection.cursor() as cursor:
        statement = f"SELECT to_jsonb(t)::text FROM {table} t WHERE {condition} ORDER BY id"  # noqa: S608 - fixed names  # nosec B608
        cursor.execute(statement, [list(ids)])
        for (row,) in cursor:
            yield row


def _delete(table: str, ids: Sequence[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {TABLES[table]}", [list(ids)])  # noqa: S608 - fixed names  # nosec B608
        return int(cursor.rowcount)


def _count(file: Path) -> Counter[str]:
    """What is in a file. Raises ArchiveError where it is not the one that its list tells of."""
    return Counter(table for table, _ in _lines(file))


def _lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        told = json.loads(_list_of(file).read_text("utf-8"))
        if _digest(file) != told["sha256"]:
            raise ArchiveError(f"{file} is damaged: its checksum is another")
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                content = json.loads(line)
                yield content["table"], content["row"]
    except (OSError, EOFError, ValueError, KeyError) as problem:
        raise ArchiveError(f"{file} cannot be read: {problem}") from problem


def files_of(path: Path) -> list[Path]:
    """An archive's files: the path itself, or all that are in that directory, the oldest conversations first.

    A list stands for its file: a shell's * names both. Raises ArchiveError where the directory has none.
    """
    if not path.is_dir():
        return [path.with_name(path.name.removesuffix(LIST) + SUFFIX) if path.name.endswith(LIST) else path]
    if not (found := sorted(path.glob(f"*{SUFFIX}"))):
        raise ArchiveError(f"{path} has no file of an archive (*{SUFFIX})")
    return found


def restore(file: Path) -> tuple[Counter[str], set[str]]:
    """Put a file's rows back, all or none; those that are there already stay as they are.

    Gives how many were put back, and which of the file's columns the database no longer has. Raises ArchiveError where
    the file is damaged, or the database takes its rows no more: a GUID of it has come again meanwhile.
    """
    counts, gone, batches = Counter[str](), set[str](), list[int]()
    try:
        with transaction.atomic():
            columns = {table: _columns(table) for table in TABLES}
            for table, names, rows in _alike(file):
                if table not in TABLES:
                    raise ArchiveError(f"{file} names a table that is none of ours: {table}")
                gone |= {f"{table}.{name}" for name in names - columns[table]}
                back = _insert(table, sorted(names & columns[table]), rows)
                counts[table] += len(back)
                batches += back if table == "batches_batch" else []
            _purge_again(batches)
    except (IntegrityError, DataError) as problem:
        raise ArchiveError(f"{file} cannot be put back: {str(problem).partition(chr(10))[0]}") from problem
    return counts, gone


def _alike(file: Path) -> Iterator[tuple[str, frozenset[str], list[dict[str, Any]]]]:
    """Rows that one statement can put back: of one table, with the same columns; in the file's order."""
    for (table, names), lines in groupby(_lines(file), lambda line: (line[0], frozenset(line[1]))):
        while rows := [row for _, row in islice(lines, AT_ONCE)]:
            yield table, names, rows


def _purge_again(ids: Sequence[int]) -> None:
    """Purging begins at `purged_until`, and what came back is older: without this its texts would stay for ever."""
    rows = Batch.objects.filter(id__in=ids, purged_at=None).order_by("channel_id").values_list("channel_id")
    for channel_id, first in rows.annotate(first=Min("opened_at")):
        # locked first: a purge that is about to remember how far it came waits, or has written it before we look
        until = Channel.objects.select_for_update(no_key=True).get(pk=channel_id).purged_until
        if until and first < until:
            Channel.objects.filter(pk=channel_id).update(purged_until=first)


def _columns(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def _insert(table: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Put rows back, and give the ids of those that were not there.

    Only what the rows have: a column that is younger than the file gets its default, which is not always NULL.
    """
    names = ", ".join(map(connection.ops.quote_name, columns))
    statement = (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s)"  # noqa: S608 - names of the database's own  # nosec B608
        " ON CONFLICT (id) DO NOTHING RETURNING id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows)])
        return [row_id for (row_id,) in cursor]


def _list_of(file: Path) -> Path:
    return file.with_name(file.name.removesuffix(SUFFIX) + LIST)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
