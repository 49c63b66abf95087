"""Where messages wait on this machine's disk while the database is away: one SQLite file for all web processes.

Python's own `sqlite3` and not a second Django database: that would bring routers, migrations and test databases for
two tables. A rollback journal and synchronous=EXTRA: when append() returns, the messages are on the disk, and would be
after a power cut; and nothing lies beside the file that one could forget to move with it. Every operation opens the
file anew, so that one which was moved away or deleted is never written to. It holds what people wrote and their
numbers: file mode 0600, and what is deleted is overwritten.
"""

import contextlib
import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from pydantic import TypeAdapter

from batches.inbound.base import InboundSms

BUSY_SECONDS = 2.0  # for another process's commit
PAGE = 4096  # bytes
SLACK = 64  # pages that setting aside may need in a full file
ERROR_CHARACTERS = 500
ALL = -1  # as a limit: none

_SCHEMA = """
CREATE TABLE pending (id INTEGER PRIMARY KEY, channel TEXT, received_at TEXT, message TEXT);
CREATE TABLE failed (id INTEGER PRIMARY KEY, channel TEXT, received_at TEXT, message TEXT, failed_at TEXT, error TEXT);
PRAGMA user_version = 1;
"""
_SET_ASIDE = """
INSERT INTO failed (channel, received_at, message, failed_at, error)
SELECT channel, received_at, message, ?, ? FROM pending WHERE id = ?
"""
_TRY_AGAIN = """
INSERT INTO pending (channel, received_at, message) SELECT channel, received_at, message FROM failed ORDER BY id
"""
_json: TypeAdapter[InboundSms] = TypeAdapter(InboundSms)


class SpoolUnavailable(Exception):
    """The spool is full, or its file cannot be used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message in the spool. `error` says why it was set aside (empty while it waits)."""

    id: int
    channel: str
    received_at: datetime
    raw: str
    error: str = ""

    def message(self) -> InboundSms:
        """The message as it was spooled. Raises ValueError where another version wrote something else."""
        return _json.validate_json(self.raw)


@dataclass(frozen=True, slots=True)
class State:
    """How much waits, how much was set aside, and since when the oldest waits (UTC; None: nothing does)."""

    waiting: int
    failed: int
    oldest: datetime | None


class Spool:
    """The file at `path`, of at most `max_bytes` with at most about `max_messages` waiting.

    Every method raises SpoolUnavailable when the file cannot be used.
    """

    def __init__(self, path: Path, max_bytes: int, max_messages: int) -> None:
        self.path = path
        self._max_pages = max_bytes // PAGE
        self._max_messages = max_messages

    def append(self, messages: Sequence[tuple[str, InboundSms]]) -> None:
        """Add messages, each with its channel's slug, at the end; all or nothing, and on the disk on return."""
        rows = [(slug, _time(sms.received_at), _json.dump_json(sms).decode()) for slug, sms in messages]
        self._make_file()
        with self._transaction() as file:
            [[first, last]] = file.execute("SELECT min(id), max(id) FROM pending")
            waiting = last - first + 1 if last else 0
            if waiting + len(rows) > self._max_messages:
                raise SpoolUnavailable(f"{waiting} messages wait already")
            file.executemany("INSERT INTO pending (channel, received_at, message) VALUES (?, ?, ?)", rows)

    def first(self, limit: int) -> list[Entry]:
        """The entries that have waited longest, in the order in which they came."""
        columns = "id, channel, received_at, message"
        return self._entries(f"SELECT {columns} FROM pending ORDER BY id LIMIT ?", limit)  # noqa: S608  # nosec B608

    def failed(self, limit: int) -> list[Entry]:
        """The entries that were set aside last."""
        columns = "id, channel, received_at, message, error"
        return self._entries(f"SELECT {columns} FROM failed ORDER BY id DESC LIMIT ?", limit)  # noqa: S608  # nosec B608

    def forget(self, entries: Sequence[Entry]) -> None:
        """Delete what is stored elsewhere now."""
        with self._transaction() as file:
            file.executemany("DELETE FROM pending WHERE id = ?", [(entry.id,) for entry in entries])

    def set_aside(self, entry: Entry, error: str) -> None:
        """Keep what cannot be stored where it is in nobody's way."""
        with self._transaction(SLACK) as file:
            file.execute(_SET_ASIDE, (_time(None), error[:ERROR_CHARACTERS], entry.id))
            file.execute("DELETE FROM pending WHERE id = ?", (entry.id,))

    def forget_failed(self, channel: str, before: datetime, *, dry_run: bool = False) -> int:
        """Delete what was set aside and came before that time on a channel; says how many they are."""
        if not self.path.exists():
            return 0
        where, values = "WHERE channel = ? AND received_at < ?", (channel, _time(before))
        with self._transaction(SLACK) as file:
            [[found]] = file.execute(f"SELECT count(*) FROM failed {where}", values)  # noqa: S608  # nosec B608
            if found and not dry_run:
                file.execute(f"DELETE FROM failed {where}", values)  # noqa: S608  # nosec B608
        return int(found)

    def forget_some(self, chosen: Callable[[Entry], bool]) -> None:
        """Delete those that were set aside and are chosen."""
        rows = [(entry.id, entry.raw) for entry in self.failed(ALL) if chosen(entry)]
        if rows:
            with self._transaction(SLACK) as file:  # an id may have been given anew since they were read
                file.executemany("DELETE FROM failed WHERE id = ? AND message = ?", rows)

    def try_again(self) -> int:
        """Let everything that was set aside wait once more, at the end; says how many they were."""
        if not self.path.exists():
            return 0
        with self._transaction(SLACK) as file:
            file.execute(_TRY_AGAIN)
            return file.execute("DELETE FROM failed").rowcount

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self.first(1)

    def state(self) -> State:
        if not self.path.exists():
            return State(0, 0, None)
        with self._file() as file:
            [[waiting, oldest]] = file.execute("SELECT count(*), min(received_at) FROM pending")
            [[failed]] = file.execute("SELECT count(*) FROM failed")
        return State(waiting, failed, datetime.fromisoformat(oldest) if oldest else None)

    @contextlib.contextmanager
    def draining(self) -> Iterator[bool]:
        """Whether this is the one who may take entries out; the kernel frees the role when a process dies."""
        lock = self.path.with_name(f"{self.path.name}.drain")
        try:
            descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise SpoolUnavailable(str(error)) from error
        try:
            yield _locked(descriptor)
        finally:
            os.close(descriptor)

    def _entries(self, query: str, limit: int) -> list[Entry]:
        if not self.path.exists():
            return []
        with self._file() as file:
            rows = file.execute(query, (limit,)).fetchall()
        return [Entry(row[0], row[1], datetime.fromisoformat(row[2]), *row[3:]) for row in rows]

    def _make_file(self) -> None:
        """Make an empty file that nobody else can read, under another name first.

        Nothing but SQLite may open the file itself: closing it would give up all locks that this process has on it
        (sqlite.org/howtocorrupt.html, 2.2).
        """
        if self.path.exists():
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent)  # mode 0600
            os.close(descriptor)
            with contextlib.suppress(FileExistsError):
                os.link(name, self.path)
            os.unlink(name)
        except OSError as error:
            raise SpoolUnavailable(str(error)) from error

    @contextlib.contextmanager
    def _transaction(self, slack: int = 0) -> Iterator[sqlite3.Connection]:
        with self._file(slack) as file:
            file.execute("BEGIN IMMEDIATE")
            yield file
            file.execute("COMMIT")

    @contextlib.contextmanager
    def _file(self, slack: int = 0) -> Iterator[sqlite3.Connection]:
        """The open file; closing it rolls back what was not committed."""
        try:
            where = f"{self.path.absolute().as_uri()}?mode=rw"  # never made here: SQLite's would be for all to read
            connect = sqlite3.connect(where, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            with closing(connect) as file:
                file.execute("PRAGMA synchronous = EXTRA")
                file.execute("PRAGMA secure_delete = ON")
                file.execute(f"PRAGMA max_page_count = {self._max_pages + slack}")
                if file.execute("PRAGMA user_version").fetchone() == (0,):
                    _make_tables(file)
                yield file
        except sqlite3.Error as error:
            raise SpoolUnavailable(str(error)) from error


def _make_tables(file: sqlite3.Connection) -> None:
    file.execute("BEGIN IMMEDIATE")
    if file.execute("PRAGMA user_version").fetchone() == (0,):  # nobody else has, meanwhile
        for statement in _SCHEMA.split(";"):
            file.execute(statement)
    file.execute("COMMIT")


def _time(at: datetime | None) -> str:
    """As text that sorts like the times themselves; None is now."""
    return (at or datetime.now(UTC)).isoformat(timespec="microseconds")


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def here() -> Spool:
    """This machine's spool."""
    return Spool(Path(settings.SPOOL_PATH), settings.SPOOL_MAX_BYTES, settings.SPOOL_MAX_MESSAGES)
