"""Which files a backup leaves: those of whole copies, whatever killed another one before; as many as are to be kept."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from batches.backups import copies
from deploy import backup
from deploy.backup import back_up, prune, read_list
from smsconsolidator.env import BASE_DIR
from tests.deploy.copied import TEXTS, environment, run
from tests.system import database as databases
from tests.system.database import Database
from tests.system.service import wait_until


@contextmanager
def nobody_reads(database: Database) -> Iterator[None]:
    """Who copies it waits in the middle."""
    if isinstance(database, databases.Sqlite):
        with closing(sqlite3.connect(database.path)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            yield
        return
    with psycopg.connect(database.url) as server:
        server.execute("LOCK TABLE batches_message IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def copying(database: Database, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A copy that has begun to write; afterwards it and what it started are killed."""
    command = [sys.executable, "-m", "deploy.backup", str(directory)]
    process = subprocess.Popen(
        command, cwd=BASE_DIR, env=environment(database), text=True, start_new_session=True
    )
    try:
        wait_until(
            lambda: any(directory.glob(".*.part")), 10, lambda: f"nothing is written: {process.poll()}"
        )
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_what_a_killed_copy_left_is_gone_with_the_next_one(source: Database, tmp_path: Path) -> None:
    with nobody_reads(source), copying(source, tmp_path):
        pass  # a night's backup, and somebody stops the machine
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]

    again = run("-m", "deploy.backup", str(tmp_path), database=source)

    assert again.returncode == 0, again.stderr
    [file] = copies(tmp_path)
    assert read_list(file.with_suffix(".json"))["batches_batch"].rows >= len(TEXTS)
    assert set(tmp_path.iterdir()) == {file, file.with_suffix(".json")}


def test_two_copies_are_not_written_at_once(source: Database, tmp_path: Path) -> None:
    """Else the second would take the first one's draft for one that a killed copy has left."""
    with nobody_reads(source), copying(source, tmp_path) as first:
        second = run("-m", "deploy.backup", str(tmp_path), database=source)
        assert second.returncode == 1
        assert f"another copy is being written to {tmp_path}" in second.stderr
        assert any(tmp_path.glob(".*.part"))
        assert first.poll() is None


def test_a_list_whose_copy_was_not_named_any_more_is_gone_with_the_next_copy(
    source: Database, tmp_path: Path
) -> None:
    """Killed between the two names; and a copy of an earlier release, which wrote its list before."""
    for name in ("smsconsolidator-20260101T023000000000Z", "smsconsolidator-20260102T023000000000Z"):
        (tmp_path / f"{name}.json").touch()
    (tmp_path / ".smsconsolidator-20260101T023000000000Z.pgdump.part").touch()
    (tmp_path / ".smsconsolidator-20260102T023000000000Z.part").touch()
    (tmp_path / "smsconsolidator-20260103T023000000000Z.json").touch()  # somebody has its copy elsewhere

    file, _ = back_up(source.url, tmp_path)

    left = {file, file.with_suffix(".json"), tmp_path / "smsconsolidator-20260103T023000000000Z.json"}
    assert set(tmp_path.iterdir()) == left


def test_a_copy_is_on_the_disk_before_older_ones_are_deleted(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync = dict[int, int](), os.fsync

    def fsync(handle: int) -> None:
        sync(handle)
        found = os.fstat(handle)
        synced[found.st_ino] = 0 if stat.S_ISDIR(found.st_mode) else found.st_size

    monkeypatch.setattr(os, "fsync", fsync)
    file, _ = back_up(source.url, tmp_path / "new")

    files = {path.stat().st_ino: path.stat().st_size for path in (file, file.with_suffix(".json"))}
    assert synced == files | {place.stat().st_ino: 0 for place in (file.parent, tmp_path)}


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for day in range(1, 6):
        for suffix in (".pgdump", ".json"):
            (tmp_path / f"smsconsolidator-2026010{day}T023000000000Z{suffix}").touch()
    (tmp_path / "somebody-elses.txt").touch()
    assert len(prune(tmp_path, keep=2)) == 3
    assert sorted(path.name[:24] for path in tmp_path.glob("*.pgdump")) == [
        "smsconsolidator-20260104",
        "smsconsolidator-20260105",
    ]
    assert len(list(tmp_path.iterdir())) == 5
    assert prune(tmp_path, keep=0) == []


@pytest.mark.parametrize("keep", ["-1", "0", "two"])
def test_to_keep_less_than_one_copy_is_refused(
    keep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["backup", str(tmp_path), "--keep", keep])
    with pytest.raises(SystemExit):
        backup._arguments()
    assert f"--keep: {keep}: a number from 1 on" in capsys.readouterr().err
