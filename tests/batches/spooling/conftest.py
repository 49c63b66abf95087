"""A spool of the test's own, and another connection that really holds what deliveries need."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from batches import channels, deadline, drain
from batches.detour import detour
from batches.spool import Spool, here


@pytest.fixture
def spool(settings: Any, tmp_path: Path) -> Iterator[Spool]:
    """A spool of the test's own, in a process that gives up as a web process does."""
    settings.SPOOL_PATH = tmp_path / "spool.sqlite3"
    channels._known.clear()
    deadline.start()
    connection_created.connect(
        deadline._impatient, dispatch_uid=deadline.__name__
    )  # an earlier test let go of it
    connection.close()  # the next one is made with a web process's patience
    connection.ensure_connection()
    deadline._impatient(connection)  # a database in memory keeps its connection
    yield here()
    drained()
    connection_created.disconnect(dispatch_uid=deadline.__name__)
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA busy_timeout = 20000")
    connection.close()


def _lock(other: BaseDatabaseWrapper, tables: str) -> None:
    with other.cursor() as cursor:
        if other.vendor == "sqlite":
            cursor.execute("BEGIN EXCLUSIVE")
        else:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")


@contextmanager
def locked(tables: str = "batches_message, batches_batch") -> Iterator[None]:
    """Another connection has locked what every delivery needs; nothing is in the spool yet."""
    other = connection.copy()
    try:
        _lock(other, tables)
        yield
    finally:
        other.close()


def drained() -> None:
    """Wait until nothing waits in the spool any more, and deliveries go straight into the database."""
    until = time.monotonic() + 20
    while not (drain.look() and not detour.on):
        assert time.monotonic() < until
        time.sleep(0.05)
