"""Statements that PostgreSQL keeps prepared, where a migration has changed the rows that one of them gives.

The server refuses such a statement ("cached plan must not change result type", SQLSTATE 0A000) for as long as the
connection lives. psycopg prepares anew after a transaction that was rolled back, but not after a statement that was
alone (https://www.psycopg.org/psycopg3/docs/advanced/prepare.html), and those are most of ours.
"""

from collections.abc import Callable
from typing import Any

from django.db import NotSupportedError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

PREPARE_AFTER = 5  # executions of the same statement on one connection


def start() -> None:
    """Watch over every connection that this process makes from now on."""
    connection_created.connect(_watch, dispatch_uid=__name__)


def _watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    if connection.vendor == "postgresql" and _unprepared_once_changed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_unprepared_once_changed)


def _unprepared_once_changed(
    execute: Callable[..., Any], statement: str, parameters: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a refused statement again as if it had never been prepared, and have the connection replaced soon.

    In a transaction, which has failed with it, the error goes on: whoever began the transaction begins it again.
    """
    try:
        return execute(statement, parameters, many, context)
    except NotSupportedError:
        from psycopg import ServerCursor  # here, for nobody needs it on SQLite

        connection, cursor = context["connection"], context["cursor"].cursor
        connection.close_at = 0  # Django closes it after the request or the task
        if many or connection.in_atomic_block or isinstance(cursor, ServerCursor):  # which is never prepared
            raise
        with connection.wrap_database_errors:
            return cursor.execute(statement, parameters, prepare=False)
