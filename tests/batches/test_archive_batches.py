"""Old conversations leave the database for files, they alone and whole, and come back as they were. Collected on
PostgreSQL only."""

import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from batches.choices import BatchStatus
from batches.closing import close_now
from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Batch, Channel, Message
from batches.pipeline import process
from batches.retention import archiving
from batches.retention.archiving import TABLES
from batches.retention.purging import purge
from tests.batches.conftest import age, arrive
from tests.classification.conftest import judge

DAY = 86_400
OLD, YOUNG = 500 * DAY, 100 * DAY
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _answering(settings: Any) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = True


def settled(number: int, seconds: float, *texts: str) -> Batch:
    """A conversation that was processed for real, so long ago."""
    batch = arrive(*(texts or ("Yes, I can", "on my way")), sender=f"+63917{number:07}")
    close_now([batch.id], "test")
    process(batch.id, "test")
    age(batch, seconds)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED
    return batch


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("archive_batches", *arguments, "--json", stdout=out)
    return dict(json.loads(out.getvalue())["rows"])


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


def test_what_is_old_leaves_and_comes_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "CHUNK", 2)
    for number in range(5):
        settled(number, OLD + number, "Yes “quoted” \\ \n ñ 👍", "100 % sure")
    young = settled(9, YOUNG)
    still_open = arrive("Yes", sender="+639180000000")
    age(still_open, OLD)
    before = contents()

    rows = run("--older-than", "400d", "--to", str(tmp_path))

    assert set(Batch.objects.values_list("id", flat=True)) == {young.id, still_open.id}
    assert rows["batches_batch"] == 5
    assert rows["batches_message"] == 10
    assert rows["replies_reply"] == rows["replies_replyattempt"] == rows["classification_classification"] == 5
    assert len(files(tmp_path)) == 3
    assert {oct(file.stat().st_mode)[-3:] for file in tmp_path.iterdir()} == {"600"}
    left = {table: count for table, (count, _) in contents().items()}
    assert {table: left[table] + rows[table] for table in TABLES} == {
        table: count for table, (count, _) in before.items()
    }

    assert run("--restore", *files(tmp_path)) == rows
    assert contents() == before
    assert not any(run("--restore", *files(tmp_path)).values())  # what is there already stays as it is


def test_what_came_back_is_purged_like_everything_else(tmp_path: Path) -> None:
    """Purging had come past it meanwhile, and begins where it stopped."""
    settled(1, OLD, "a very old text")
    young = settled(2, OLD - DAY, "an old text")
    run("--older-than", "500d", "--to", str(tmp_path))
    before = timezone.now() - timedelta(seconds=YOUNG)
    assert list(purge(Channel.objects.get(), before)) == [1]
    purged = Channel.objects.get()  # as a purge has it that began before the file was put back

    run("--restore", *files(tmp_path))
    first = Batch.objects.exclude(id=young.id).get().opened_at
    assert Channel.objects.get().purged_until == first
    list(purge(purged, before))
    assert Channel.objects.get().purged_until == first  # it has not seen them

    assert list(purge(Channel.objects.get(), before)) == [1]
    assert not Batch.objects.filter(purged_at=None).exists()
    assert set(Message.objects.values_list("text", flat=True)) == {""}
    run("--restore", *files(tmp_path))
    assert Channel.objects.get().purged_until == before  # nothing came back


def test_what_the_database_must_know_stays(tmp_path: Path) -> None:
    kept = [settled(1, OLD, "STOP"), settled(2, OLD), settled(3, OLD)]
    ana = User.objects.create_user("ana")
    judge(kept[1].classifications.get(), ana, "disagree")
    Batch.objects.filter(id=kept[2].id).update(successor=kept[1].id)
    settled(4, OLD)

    assert run("--older-than", "400d", "--to", str(tmp_path))["batches_batch"] == 1
    assert Batch.objects.count() == 3


def test_the_limit_of_once_for_ever(tmp_path: Path) -> None:
    """Documented: the GUID of a message that is archived is forgotten; that is why the last 30 days stay."""
    guid = settled(1, OLD).messages.first()
    assert guid is not None
    again = InboundSms(guid.provider_message_id, "+639170000001", "Yes", None, "", "{}")
    channel = Channel.objects.get()
    assert ingest(channel, [again]).duplicates == 1

    run("--older-than", "400d", "--to", str(tmp_path))

    assert ingest(channel, [again]).stored == 1
    with pytest.raises(CommandError, match="cannot be put back"):
        run("--restore", *files(tmp_path))
    with pytest.raises(CommandError, match="the last 30 days stay"):
        run("--older-than", "29d", "--to", str(tmp_path))


def test_who_dies_before_the_commit_has_lost_nothing(tmp_path: Path) -> None:
    settled(1, OLD)
    before = contents()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is gone'; END $$;"
            "CREATE TRIGGER fails BEFORE DELETE ON batches_message EXECUTE FUNCTION fails()"
        )
        try:
            with pytest.raises(DatabaseError, match="the disk is gone"):
                run("--older-than", "400d", "--to", str(tmp_path))
        finally:
            cursor.execute("DROP FUNCTION fails CASCADE")
    assert contents() == before

    rows = run("--older-than", "400d", "--to", str(tmp_path))

    assert rows["batches_batch"] == 1
    assert len(files(tmp_path)) == 1
    assert run("--restore", *files(tmp_path)) == rows
    assert contents() == before


@contextmanager
def column(table: str, definition: str) -> Iterator[None]:
    """The table has one more column, as after an upgrade, or before one."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} DROP COLUMN {definition.split()[0]}")


def values(statement: str) -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return set(cursor.fetchall())


def test_a_file_from_before_an_upgrade_is_put_back_with_the_new_columns_defaults(tmp_path: Path) -> None:
    settled(1, OLD)
    before = contents()
    rows = run("--older-than", "400d", "--to", str(tmp_path))
    with (
        column("batches_batch", "mood text NOT NULL DEFAULT 'calm'"),
        column("batches_message", '"order" boolean NULL'),
        column("replies_reply", "pages smallint NOT NULL DEFAULT 3 CHECK (pages > 0)"),
    ):
        assert run("--restore", *files(tmp_path)) == rows

        assert values("SELECT mood FROM batches_batch") == {("calm",)}
        assert values("SELECT pages FROM replies_reply") == {(3,)}
    assert contents() == before


def test_a_column_that_is_no_more_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settled(1, OLD)
    before = contents()
    with column("batches_batch", "mood text NOT NULL DEFAULT 'calm'"):
        rows = run("--older-than", "400d", "--to", str(tmp_path))

    assert run("--restore", *files(tmp_path)) == rows

    assert contents() == before
    [line] = capsys.readouterr().err.splitlines()
    assert "batches_batch.mood is no more" in line


def test_what_the_database_takes_no_more_is_named_and_nothing_is_put_back(tmp_path: Path) -> None:
    settled(1, OLD)
    run("--older-than", "400d", "--to", str(tmp_path))
    with column("replies_reply", "pages smallint NOT NULL"):
        with pytest.raises(CommandError, match='cannot be put back: null value in column "pages"'):
            run("--restore", *files(tmp_path))
        assert not Batch.objects.exists()


def test_everything_is_on_the_disk_before_a_row_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after the commit finds the file, its list and both their names."""
    settled(1, OLD)
    synced, then, directory, sync = dict[int, int](), dict[int, int](), tmp_path / "new" / "archive", os.fsync

    def fsync(handle: int) -> None:
        sync(handle)
        found = os.fstat(handle)
        synced[found.st_ino] = 0 if stat.S_ISDIR(found.st_mode) else found.st_size

    def watch(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if statement.startswith("DELETE") and not then:
            then.update(synced)
        return execute(statement, *rest)

    monkeypatch.setattr(os, "fsync", fsync)
    with connection.execute_wrapper(watch):
        run("--older-than", "400d", "--to", str(directory))

    expected = {file.stat().st_ino: file.stat().st_size for file in directory.iterdir()}
    assert len(expected) == 2
    expected |= {place.stat().st_ino: 0 for place in (directory, directory.parent, tmp_path)}
    assert then == expected


def test_a_damaged_file_is_not_put_back(tmp_path: Path) -> None:
    settled(1, OLD)
    run("--older-than", "400d", "--to", str(tmp_path))
    [name] = files(tmp_path)
    content = Path(name).read_bytes()
    Path(name).write_bytes(content[:-20] + bytes(20))

    with pytest.raises(CommandError, match="damaged"):
        run("--restore", name)
    assert not Batch.objects.exists()


def test_it_runs_beside_the_webhook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "CHUNK", 1)
    for number in range(12):
        settled(number, OLD + number)
    channel, over, stored = Channel.objects.get(), threading.Event(), list[str]()

    def receive() -> None:
        """The same senders write on."""
        try:
            while not over.is_set():
                guid = f"beside-{len(stored)}"
                sms = InboundSms(guid, f"+63917{len(stored) % 12:07}", "Yes", None, "", "{}")
                assert ingest(channel, [sms]).stored == 1
                stored.append(guid)
        finally:
            connections.close_all()

    thread = threading.Thread(target=receive)
    thread.start()
    try:
        rows = run("--older-than", "400d", "--to", str(tmp_path))
    finally:
        over.set()
        thread.join(20)

    assert rows["batches_batch"] == len(files(tmp_path)) == 12
    assert len(stored) > 12
    assert sorted(Message.objects.values_list("provider_message_id", flat=True)) == sorted(stored)
