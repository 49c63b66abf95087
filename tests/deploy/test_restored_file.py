"""A SQLite file that is restored is whole, or not there; and it is its owner's alone."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from deploy.backup import back_up
from deploy.restore import restore
from deploy.stores import StoreError
from smsconsolidator.env import BASE_DIR
from tests.deploy.copied import environment
from tests.system.database import Sqlite

SMALL = "ulimit -f 100 && "  # no file may become larger: what a full disk is to a program


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of a database of some megabytes."""
    database = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE texts (text)")
        connection.executemany("INSERT INTO texts VALUES (?)", [("Yes" * 500,)] * 2000)
    return back_up(f"sqlite:///{database}", tmp_path / "kept [of] mine")[0]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    return tmp_path / "new/db.sqlite3"


def give(module: str, *arguments: Path, database: Path, limit: str = "") -> subprocess.CompletedProcess[str]:
    command = [
        "sh",
        "-c",
        f'umask 022 && {limit}exec "$@"',
        "sh",
        sys.executable,
        "-m",
        module,
        *map(str, arguments),
    ]
    given = environment(Sqlite(database))
    return subprocess.run(command, cwd=BASE_DIR, env=given, capture_output=True, text=True, check=False)


def test_it_is_its_owners_alone(copy: Path, target: Path) -> None:
    assert give("deploy.restore", copy, database=target).returncode == 0
    assert [path.name for path in target.parent.iterdir()] == ["db.sqlite3"]
    assert target.stat().st_mode & 0o077 == 0


def test_a_full_disk_leaves_nothing_and_a_second_try_is_not_refused(copy: Path, target: Path) -> None:
    failed = give("deploy.restore", copy, database=target, limit=SMALL)
    assert (failed.returncode, "Nothing was restored" in failed.stderr) == (1, True)
    assert list(target.parent.iterdir()) == []
    assert give("deploy.restore", copy, database=target).returncode == 0


def test_what_a_killed_restore_left_is_in_nobodys_way(copy: Path, target: Path) -> None:
    for name in (".db.sqlite3.part", ".db.sqlite3.part-journal"):
        (target.parent / name).write_bytes(copy.read_bytes()[:100_000])
    _, problems = restore(f"sqlite:///{target}", copy)
    assert problems == []
    assert list(target.parent.iterdir()) == [target]


def test_a_damaged_copy_leaves_nothing(copy: Path, target: Path) -> None:
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])
    assert "Nothing was restored" in give("deploy.restore", copy, database=target).stderr
    assert list(target.parent.iterdir()) == []


def test_what_is_not_there_is_named(copy: Path, target: Path) -> None:
    with pytest.raises(StoreError, match=r"2026\.sqlite3 does not exist"):
        restore(f"sqlite:///{target}", copy.with_name("2026.sqlite3"))
    with pytest.raises(StoreError, match="none does not exist; is DATABASE_URL right"):
        restore(f"sqlite:///{target.parent}/none/db.sqlite3", copy)


def test_a_directorys_name_is_told_as_it_is(copy: Path, target: Path) -> None:
    target.write_bytes(copy.read_bytes())
    assert f"{copy.parent}/smsconsolidator-" in give("deploy.backup", copy.parent, database=target).stdout
