"""A database to copy, and the commands that do."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from smsconsolidator.env import BASE_DIR
from tests.system import database as databases
from tests.system.database import Database

TEXTS = ["Yes", "Oo 👍🏽", "a\nb\ttab", "", "ünï'quote\"\\", "\u202eback", "x" * 64]
INSERT = """
INSERT INTO batches_batch (channel_id, sender, sender_kind, status, opened_at, closes_at, message_count)
SELECT id, %s, 'number', 'open', CURRENT_TIMESTAMP, '2100-01-01 00:00:00+00', 1 FROM batches_channel"""
EVENT = """
INSERT INTO batches_batchevent (batch_id, at, kind, actor, data)
SELECT max(id), CURRENT_TIMESTAMP, 'opened', %s, '{"n": 1.10}' FROM batches_batch"""


@contextmanager
def filled(directory: Path) -> Iterator[Database]:
    """A migrated database with rows of every awkward kind."""
    database = databases.create(directory, "backup")
    try:
        run("manage.py", "migrate", "-v0", database=database)
        for number, text in enumerate(TEXTS):
            write(database, INSERT, f"+63917000000{number}")
            write(database, EVENT, text)
        yield database
    finally:
        database.drop()


def run(*arguments: str, database: Database) -> subprocess.CompletedProcess[str]:
    """One of the project's commands, as an operator types it."""
    command, given = [sys.executable, *arguments], environment(database)
    return subprocess.run(
        command, cwd=BASE_DIR, env=given, capture_output=True, text=True, check=False, timeout=90
    )


def environment(database: Database) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DJANGO_SECRET_KEY": "for-the-backup-tests-" * 3,
        "DATABASE_URL": database.url,
    }


def write(database: Database, statement: str, *parameters: Any) -> None:
    if isinstance(database, databases.Sqlite):
        with closing(sqlite3.connect(database.path, timeout=20)) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(statement.replace("%s", "?"), parameters)
        return
    with psycopg.connect(database.url) as server:
        server.execute(statement.encode(), parameters)
