"""A time limit on what a thread asks of the database, kept by another thread.

PostgreSQL's own time-outs end with the server: one that is stopped, or behind a dead network, answers nothing at all,
and a client would wait for minutes. Nor do they cost nothing, as this does: a statement to set them would be sent with
every delivery, or hold for the admin's pages too.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

CHECK_SECONDS = 0.2
AGAIN_SECONDS = 1.0  # until the next interruption of somebody who goes on after one
CANCEL_SECONDS = 0.5  # for the server to take the request to cancel, and again to do so
SQLITE_SECONDS = 2.5  # for another process's lock; SQLite cannot be interrupted while it waits for one


@dataclass(eq=False, slots=True)
class _Limit:
    until: float
    wrapper: BaseDatabaseWrapper
    due: float  # the next interruption


_limits: dict[int, _Limit] = {}  # by thread
_starting = threading.Lock()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever this thread asks of PostgreSQL in here fails with OperationalError after so many seconds.

    About one second later when the server does not answer at all; and again each second, whatever was asked next.
    Needs start(). Not to be nested.
    """
    thread, until = threading.get_ident(), time.monotonic() + seconds
    _limits[thread] = _Limit(until, connections[DEFAULT_DB_ALIAS], due=until)
    try:
        yield
    finally:
        del _limits[thread]


def is_over() -> bool:
    """Whether this thread is in a within() whose time is up: nothing should be tried again."""
    limit = _limits.get(threading.get_ident())
    return limit is not None and time.monotonic() > limit.until


def start() -> None:
    """Keep the limits in this process from now on."""
    with _starting:
        if any(thread.name == __name__ for thread in threading.enumerate()):
            return
        connection_created.connect(_impatient, dispatch_uid=__name__)
        threading.Thread(target=_watch, name=__name__, daemon=True).start()


def _impatient(connection: BaseDatabaseWrapper, **_: object) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {int(SQLITE_SECONDS * 1000)}")


def _watch() -> None:
    while True:
        time.sleep(CHECK_SECONDS)
        now = time.monotonic()
        for thread, limit in _limits.copy().items():
            # Without a connection it is being made, for which libpq has a limit of its own (connect_timeout).
            if limit.due < now and limit.wrapper.connection is not None:
                limit.due = now + AGAIN_SECONDS
                threading.Thread(target=_interrupt, args=(thread, limit), daemon=True).start()


def _interrupt(thread: int, limit: _Limit) -> None:
    """Ask the server to cancel the statement; when nothing comes of that, hang up."""
    raw = limit.wrapper.connection
    if not isinstance(raw, psycopg.Connection):
        return
    with contextlib.suppress(psycopg.Error):
        raw.cancel_safe(timeout=CANCEL_SECONDS)
    time.sleep(CANCEL_SECONDS)
    if _limits.get(thread) is limit:
        _hang_up(raw)


def _hang_up(raw: "psycopg.Connection[object]") -> None:
    """End the stream under the connection: whoever waits for an answer reads its end instead."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(raw.fileno())) as stream:
        stream.shutdown(socket.SHUT_RDWR)
