"""Databases of the running system's own: a migrated template, copied for each service."""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


class Database(Protocol):
    """A database that `url` (as in DATABASE_URL) names."""

    @property
    def url(self) -> str: ...

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of one query; parameters are written `%s`."""
        ...

    def copy(self, name: str) -> "Database":
        """A new database with the same content; nobody may be connected to this one."""
        ...

    def drop(self) -> None:
        """Remove it with all it holds."""
        ...


@dataclass(frozen=True)
class Sqlite:
    """A file, as DATABASE_URL=sqlite:///… names it."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, timeout=20)) as connection:
            return connection.execute(statement.replace("%s", "?"), parameters).fetchall()

    def copy(self, name: str) -> "Sqlite":
        path = self.path.with_name(f"{name}.sqlite3")
        shutil.copyfile(self.path, path)
        return Sqlite(path)

    def drop(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


@dataclass(frozen=True)
class Postgres:
    """A database on the server that `server` (a postgres:// address) names."""

    server: str
    name: str

    @property
    def url(self) -> str:
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{self.name}"))

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def create(self, options: LiteralString = "") -> None:
        self._administer("CREATE DATABASE {} " + options, self.name)

    def copy(self, name: str) -> "Postgres":
        self._administer("CREATE DATABASE {} TEMPLATE {}", copied := f"{self.name}_{name}", self.name)
        return Postgres(self.server, copied)

    def rename(self, name: str) -> "Postgres":
        self._administer("ALTER DATABASE {} RENAME TO {}", self.name, name)
        return Postgres(self.server, name)

    def read_only(self, yes: bool) -> None:
        """Whether new connections may only read, as on a standby server."""
        value: LiteralString = "on" if yes else "off"
        self._administer("ALTER DATABASE {} SET default_transaction_read_only = " + value, self.name)

    def forget_fast(self) -> None:
        """New connections do not wait for the disk: for tests in which no power is cut."""
        self._administer("ALTER DATABASE {} SET synchronous_commit = off", self.name)

    def drop(self) -> None:
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)

    def _administer(self, statement: LiteralString, *names: str) -> None:
        maintenance = urlunsplit(urlsplit(self.server)._replace(path="/postgres"))
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def create(directory: Path, name: str) -> Database:
    """A new empty database: on the server that DATABASE_URL names when that is PostgreSQL, else a file."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        return Sqlite(directory / f"{name}.sqlite3")
    database = Postgres(url, f"smsconsolidator_{name}_{os.getpid()}")
    database.create()
    return database


def query(database: Database, columns: Sequence[str], source: str, *parameters: Any) -> list[dict[str, Any]]:
    """Rows as mappings. `columns` and `source` (a table, its condition, its order) are the caller's own words."""
    found = database.rows(f"SELECT {', '.join(columns)} FROM {source}", *parameters)  # noqa: S608
    return [dict(zip(columns, row, strict=True)) for row in found]
