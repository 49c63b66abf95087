"""Old conversations leave the database for files, they alone and whole, and come back as they were. Collected on
PostgreSQL only."""

import os
import resource
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.db import DatabaseError, connection, connections

from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Batch, Channel, Message
from batches.retention import archiving
from batches.retention.archiving import TABLES
from tests.batches.archives import OLD, YOUNG, contents, files, run, settled
from tests.batches.conftest import age, arrive
from tests.classification.conftest import judge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_what_is_old_leaves_and_comes_back_as_it_was(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "CHUNK", 2)
    monkeypatch.setattr(archiving, "AT_ONCE", at_once)
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


def test_a_full_disk_leaves_everything_where_it_was(tmp_path: Path) -> None:
    settled(1, OLD)
    before = contents()
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, allowed[1]))  # what a full disk is to a program
    try:
        with pytest.raises(
            CommandError, match=rf"{tmp_path}/batches-.* cannot be written: .*; its rows stay"
        ):
            run("--older-than", "400d", "--to", str(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
        signal.signal(signal.SIGXFSZ, ignored)
    assert contents() == before
    assert list(tmp_path.iterdir()) == []


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
