"""What a database holds, table by table: how many rows and a checksum of them, to tell whether a copy is the same."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

Tables = dict[str, "Table"]
WRAP = 1 << 64


@dataclass(frozen=True)
class Table:
    """`checksum` is the sum of the rows' hashes, so that it does not depend on the order in which they are read."""

    rows: int
    checksum: str

    def as_dict(self) -> dict[str, int | str]:
        return asdict(self)


def differences(expected: Tables, found: Tables) -> list[str]:
    """One sentence for each table that is not the same; none when all are."""
    return [
        f"{name}: {_words(expected.get(name))} in the backup, {_words(found.get(name))} in the database"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


def _words(table: Table | None) -> str:
    return "not there" if table is None else f"{table.rows} rows ({table.checksum[:8]}…)"


# --- SQLite ---------------------------------------------------------------------------------------------------
@contextmanager
def sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads a database file that nobody else may have open."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as connection:
        yield connection


def of_sqlite(path: Path) -> Tables:
    """Every table of a SQLite file. Raises sqlite3.DatabaseError where it is damaged."""
    with sqlite(path) as connection:
        [[verdict]] = connection.execute("PRAGMA integrity_check(1)")
        if verdict != "ok":
            raise sqlite3.DatabaseError(str(verdict))
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {name: _sqlite_table(connection, name) for (name,) in names.fetchall()}


def _sqlite_table(connection: sqlite3.Connection, name: str) -> Table:
    rows, total = 0, 0
    quoted = name.replace('"', '""')
    for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608  # nosec B608 - the database's own word
        rows += 1
        digest = hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        total = (total + int.from_bytes(digest)) % WRAP
    return Table(rows, f"{total:016x}")


# --- PostgreSQL -----------------------------------------------------------------------------------------------
# 60 bits of each row's MD5: the same on every version and machine, unlike PostgreSQL's own hash functions.
SUMMARY = """
SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)::numeric FROM {} t"""
NAMES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"""
# What the text of a value depends on, whatever the server's or the user's own settings are.
SAME_TEXT = (
    "SET TIME ZONE 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
)


def of_postgres(connection: psycopg.Connection) -> Tables:
    """Every table of the connection's schema, as its transaction sees it."""
    for setting in SAME_TEXT:
        connection.execute(setting)
    names = [name for (name,) in connection.execute(NAMES).fetchall()]
    return {name: _postgres_table(connection, name) for name in names}


def _postgres_table(connection: psycopg.Connection, name: str) -> Table:
    row = connection.execute(sql.SQL(SUMMARY).format(sql.Identifier(name))).fetchone()
    rows, total = row if row else (0, 0)
    return Table(rows, f"{int(total) % WRAP:016x}")
