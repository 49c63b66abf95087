"""A backup that is taken while others write holds one moment, and what is restored from it is the same, row by row."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy import stores
from deploy.backup import back_up, read_list
from deploy.restore import restore
from deploy.snapshot import differences
from deploy.stores import StoreError
from tests.deploy.copied import EVENT, INSERT, TEXTS, run, write
from tests.support.databases import ON_POSTGRES
from tests.system import database as databases
from tests.system.database import Database


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """Another database of the same kind, with nothing in it."""
    database: Database = databases.Sqlite(tmp_path / "restored" / "db.sqlite3")
    if url := postgres():
        server = databases.Postgres(url, f"smsconsolidator_restored_{os.getpid()}")
        server.create()
        database = server
    else:
        (tmp_path / "restored").mkdir()
    yield database
    database.drop()


def postgres() -> str:
    url = os.environ.get("DATABASE_URL", "")
    return url if url.startswith("postgres") else ""


def test_what_is_restored_is_the_same_in_counts_and_checksums(
    source: Database, empty: Database, tmp_path: Path
) -> None:
    copy = run("-m", "deploy.backup", str(tmp_path / "kept"), "--json", database=source)
    assert copy.returncode == 0, copy.stderr
    [file] = [path for path in (tmp_path / "kept").iterdir() if path.suffix != ".json"]

    back = run("-m", "deploy.restore", str(file), "--json", database=empty)

    assert back.returncode == 0, back.stdout + back.stderr
    tables = json.loads(back.stdout)["tables"]
    assert tables == {name: table.as_dict() for name, table in read_list(file.with_suffix(".json")).items()}
    assert tables["batches_batchevent"]["rows"] == len(TEXTS)
    assert [actor for (actor,) in empty.rows("SELECT actor FROM batches_batchevent ORDER BY id")] == TEXTS
    # And the service can work with it: every migration is there, and new rows get new ids.
    assert run("manage.py", "migrate", "--check", database=empty).returncode == 0
    write(empty, INSERT, "+639170000099")
    assert file.stat().st_mode & 0o077 == 0


def test_it_holds_one_moment_while_others_write(source: Database, empty: Database, tmp_path: Path) -> None:
    """A batch and its event are two statements of the writer, the list and the copy two readings of ours."""
    over = threading.Event()

    def go_on() -> None:
        number = 0
        while not over.is_set():
            write(source, INSERT, f"+63918{number:07}")
            write(source, EVENT, "writer")
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        copies = [back_up(source.url, tmp_path)[0] for _ in range(3)]
    finally:
        over.set()
        writer.join(20)
    counts = [read_list(copy.with_suffix(".json"))["batches_batch"].rows for copy in copies]
    assert counts[0] < counts[-1], "nobody wrote meanwhile"

    tables, problems = restore(empty.url, copies[1])

    assert problems == []
    assert tables["batches_batch"].rows - tables["batches_batchevent"].rows in (0, 1)


def test_what_differs_is_told_and_is_no_success(source: Database, empty: Database, tmp_path: Path) -> None:
    file, _ = back_up(source.url, tmp_path)
    listed = file.with_suffix(".json")
    content = json.loads(listed.read_text())
    content["tables"]["batches_batch"]["checksum"] = "0" * 16
    content["tables"]["batches_gone"] = {"rows": 3, "checksum": "1" * 16}
    listed.write_text(json.dumps(content))

    back = run("-m", "deploy.restore", str(file), database=empty)

    assert back.returncode == 1
    assert "DIFFERS  batches_batch: " in back.stdout
    assert "DIFFERS  batches_gone: 3 rows (11111111…) in the backup, not there in the database" in back.stdout


def test_it_restores_over_nothing(source: Database, tmp_path: Path) -> None:
    file, tables = back_up(source.url, tmp_path)

    back = run("-m", "deploy.restore", str(file), database=source)

    assert back.returncode == 1
    assert "Nothing was restored" in back.stderr
    assert back_up(source.url, tmp_path)[1] == tables


if ON_POSTGRES:  # SQLite has one encoding

    def test_it_restores_into_no_database_that_cannot_hold_every_text(
        source: Database, empty: Database, tmp_path: Path
    ) -> None:
        """PostgreSQL makes one in SQL_ASCII where no locale is set: restored well, and refused by `migrate`."""
        file, _ = back_up(source.url, tmp_path)
        assert isinstance(empty, databases.Postgres)
        empty.drop()
        empty.create("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")

        back = run("-m", "deploy.restore", str(file), database=empty)

        assert back.returncode == 1
        assert "encoding is SQL_ASCII" in back.stderr
        assert f"createdb -O OWNER -E UTF8 -T template0 {empty.name}" in back.stderr
        assert empty.rows("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [
            (0,)
        ]

    def test_what_is_restored_has_statistics(source: Database, empty: Database, tmp_path: Path) -> None:
        """A copy has none, and the service's statements are planned by them from its first second on."""
        file, _ = back_up(source.url, tmp_path)
        restore(empty.url, file)
        [(rows,)] = empty.rows("SELECT reltuples FROM pg_class WHERE relname = 'batches_batch'")
        assert rows >= len(TEXTS)

    def test_what_is_back_and_cannot_be_compared_is_not_told_as_nothing(
        source: Database, empty: Database, tmp_path: Path
    ) -> None:
        """Somebody else's lock is in the way of the statistics, when all rows are in."""
        file, _ = back_up(source.url, tmp_path)
        assert isinstance(empty, databases.Postgres)
        with psycopg.connect(empty.url) as other:
            other.execute(f"ALTER DATABASE {empty.name} SET lock_timeout = '300ms'")
            other.commit()
            other.execute("LOCK TABLE pg_description IN SHARE UPDATE EXCLUSIVE MODE")
            back = run("-m", "deploy.restore", str(file), database=empty)
        assert back.returncode == 1
        assert "The rows are in, but were not compared: " in back.stderr
        assert "Make the database anew, and restore again." in back.stderr
        actors = [actor for (actor,) in empty.rows("SELECT actor FROM batches_batchevent ORDER BY id")]
        assert actors[: len(TEXTS)] == TEXTS


def test_one_changed_value_changes_the_checksum(source: Database, tmp_path: Path) -> None:
    _, before = back_up(source.url, tmp_path)
    write(
        source,
        "UPDATE batches_batch SET message_count = message_count + 1 WHERE sender = %s",
        "+639170000001",
    )
    _, after = back_up(source.url, tmp_path)
    assert [problem.split(":")[0] for problem in differences(before, after)] == ["batches_batch"]


def test_a_database_that_is_not_there_makes_no_backup(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is DATABASE_URL right"):
        back_up(f"sqlite:///{tmp_path}/none.sqlite3", tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_password_does_not_stand_in_the_command_line() -> None:
    given = stores._environment("postgres://ana:p%40ss@db.example.org:5433/sms?sslmode=require")
    assert given == {
        "PGUSER": "ana",
        "PGPASSWORD": "p@ss",
        "PGHOST": "db.example.org",
        "PGPORT": "5433",
        "PGDATABASE": "sms",
        "PGSSLMODE": "require",
    }
