"""The two kinds of database: how a copy is taken while the service goes on writing, and how it is put back."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import dj_database_url
import psycopg
from psycopg.conninfo import conninfo_to_dict

from batches import durable
from batches.durable import draft_of
from deploy import snapshot
from deploy.snapshot import Tables

BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps next to a database's file


class StoreError(Exception):
    """A copy cannot be taken or put back; the message says why and what to do."""


class NotCompared(Exception):
    """A copy was put back, and what became of it could not be read; the message says why."""


class Store(Protocol):
    """A database that is backed up and restored."""

    suffix: str  # of the file that holds a copy

    def dump(self, target: Path) -> Tables:
        """Write a copy of one moment to `target`; gives what it holds."""
        ...

    def load(self, source: Path) -> Tables:
        """Put a copy into the database, which must be empty; gives what it holds then."""
        ...


def store(url: str, base: Path) -> Store:
    """The database of a DATABASE_URL; a relative SQLite file is one in `base`."""
    if url.startswith("sqlite"):
        return Sqlite(base / str(dj_database_url.parse(url)["NAME"]))
    return Postgres(url)


class Sqlite:
    """A file, copied by SQLite's own online backup (https://www.sqlite.org/backup.html)."""

    suffix = ".sqlite3"

    def __init__(self, path: Path) -> None:
        self.path = path

    def dump(self, target: Path) -> Tables:
        if not self.path.exists():
            raise StoreError(f"{self.path} does not exist; is DATABASE_URL right?")
        _copy(self.path, target)
        return snapshot.of_sqlite(target)

    def load(self, source: Path) -> Tables:
        """It gets its name when it is whole: who is killed, or finds the disk full, leaves nothing to start with."""
        os.umask(0o077)  # it holds people's messages
        self._refuse_what_is_there()
        if not self.path.parent.is_dir():
            raise StoreError(f"{self.path.parent} does not exist; is DATABASE_URL right?")
        draft = draft_of(self.path)
        _delete(draft)
        try:
            _copy(source, draft)
            tables = snapshot.of_sqlite(draft)
            durable.sync(draft)
            self._refuse_what_is_there()  # somebody may have started the service meanwhile
            durable.publish(self.path)
        finally:
            _delete(draft)
        return tables

    def _refuse_what_is_there(self) -> None:
        for suffix in ("", *BESIDE):
            if (there := self.path.with_name(self.path.name + suffix)).exists():
                raise StoreError(f"{there} exists. Stop the service and move it away first.")


def _delete(path: Path) -> None:
    """A SQLite file with what SQLite keeps beside it."""
    for suffix in ("", *BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """All pages at once: a copy in steps begins anew whenever somebody writes, and readers and writers go on anyway."""
    with snapshot.sqlite(source) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without anything beside it


class Postgres:
    """A database of a server, copied by pg_dump, whose version must not be older than the server's."""

    suffix = ".pgdump"

    def __init__(self, url: str) -> None:
        self.url = url

    def dump(self, target: Path) -> Tables:
        with psycopg.connect(self.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            moment = str(row[0]) if row else ""
            # pg_dump sees what this transaction sees, whatever is written meanwhile.
            self._run(
                ["pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={moment}"], target
            )
            return snapshot.of_postgres(connection)

    def load(self, source: Path) -> Tables:
        with psycopg.connect(self.url) as connection:
            _fit_to_hold_a_copy(connection)
        options = ["--no-owner", "--no-acl", "--exit-on-error", "--single-transaction"]
        name = conninfo_to_dict(self.url)["dbname"]
        self._run(["pg_restore", *options, f"--dbname={name}", str(source)])
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("ANALYZE")  # a copy has no statistics, and the service starts at once
                return snapshot.of_postgres(connection)
        except psycopg.Error as problem:
            raise NotCompared(str(problem).strip()) from problem

    def _run(self, command: Sequence[str], target: Path | None = None) -> None:
        """The password goes by the environment: a command line is everybody's to read."""
        if shutil.which(command[0]) is None:
            raise StoreError(
                f"{command[0]} is not installed (on Debian and Ubuntu: apt install postgresql-client)"
            )
        given = {**os.environ, **_environment(self.url)}
        output = ["--file", str(target)] if target else []
        done = subprocess.run([*command, *output], env=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StoreError(f"{command[0]} failed: {done.stderr.strip()}")


def _fit_to_hold_a_copy(connection: psycopg.Connection) -> None:
    """Raises StoreError where not every SMS can be stored, or tables are there already."""
    if (encoding := connection.info.parameter_status("server_encoding")) != "UTF8":
        name = connection.info.dbname
        raise StoreError(
            f"The database's encoding is {encoding}: not every SMS can be stored, and `migrate` would refuse it."
            f" Make it anew: dropdb {name}; createdb -O OWNER -E UTF8 -T template0 {name}"
        )
    if there := snapshot.of_postgres(connection):
        raise StoreError(
            f"The database has {len(there)} tables already. Make an empty one and name it in DATABASE_URL."
        )


def _environment(url: str) -> dict[str, str]:
    """A connection's parameters as libpq reads them from the environment."""
    names = {
        option.keyword.decode(): option.envvar.decode()
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar
    }
    return {names[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in names}
