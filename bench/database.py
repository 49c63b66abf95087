"""Scratch databases of the bench's own: made for one run, dropped after it."""

import os
import socket
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, LiteralString, Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

Kind = Literal["sqlite", "postgres"]
LOCAL_SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


class Database(Protocol):
    """A database that `url` (as in DATABASE_URL) names."""

    kind: Kind
    url: str

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query; parameters are written `%s`."""
        ...

    def version(self) -> str:
        """The database's name and version, for the record."""
        ...

    def drop(self) -> None:
        """Remove it with all it holds."""
        ...


class Postgres:
    """A new database on the server of `server_url`."""

    kind: Kind = "postgres"

    def __init__(self, server_url: str, name: str) -> None:
        self._server, self._name = server_url, name
        self.url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        self._administer("CREATE DATABASE {}")

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See Database."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def version(self) -> str:
        """See Database."""
        return f"PostgreSQL {self.rows('SHOW server_version')[0][0]}"

    def drop(self) -> None:
        """See Database."""
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def forget_fast(self) -> None:
        """Connections from now on do not wait for the disk: for runs in which no power is cut and nothing is timed."""
        self._administer("ALTER DATABASE {} SET synchronous_commit = off")

    def _administer(self, statement: LiteralString) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name)))


class Sqlite:
    """A new file in `directory`."""

    kind: Kind = "sqlite"

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / f"{name}.sqlite3"
        self.url = f"sqlite:///{self._path}"

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See Database."""
        with closing(sqlite3.connect(self._path, timeout=20)) as connection:
            return connection.execute(statement.replace("%s", "?"), parameters).fetchall()

    def version(self) -> str:
        """See Database."""
        return f"SQLite {sqlite3.sqlite_version}"

    def drop(self) -> None:
        """See Database."""
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def moment(value: Any) -> datetime:
    """A time that a database gave: SQLite gives text in UTC, PostgreSQL a datetime."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def preferred() -> Kind:
    """PostgreSQL when DATABASE_URL says so or a server answers on this machine, else SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    if url:
        return "postgres" if url.startswith("postgres") else "sqlite"
    return "postgres" if _local_server_answers() else "sqlite"


def create(kind: Kind, directory: Path, purpose: str) -> Database:
    """A new database of this run, in `directory` or on the PostgreSQL server."""
    name = f"smsconsolidator_bench_{os.getpid()}_{purpose}"
    if kind == "sqlite":
        return Sqlite(directory, name)
    url = os.environ.get("DATABASE_URL", "")
    return Postgres(url if url.startswith("postgres") else LOCAL_SERVER, name)


def _local_server_answers() -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", 5432), timeout=1),
            psycopg.connect(LOCAL_SERVER, connect_timeout=2),
        ):
            return True
    except (OSError, psycopg.Error):
        return False
