"""A migration changes what a prepared statement gives. Collected on PostgreSQL only: SQLite prepares nothing."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import NotSupportedError, close_old_connections, connection, transaction

from smsconsolidator.prepared import PREPARE_AFTER

ASK = "SELECT words FROM migrated WHERE id = %s"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    connection.close()  # what other tests asked is prepared there, too
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE migrated (id integer, words varchar(10))")
        cursor.execute("INSERT INTO migrated VALUES (1, 'kept')")
    yield
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE migrated")
    connection.close()


def _ask() -> str:
    with connection.cursor() as cursor:
        cursor.execute(ASK, [1])
        return str(cursor.fetchone()[0])


def _prepared() -> int:
    """How many statements like ASK the server keeps for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT words%%'")
        return int(cursor.fetchone()[0])


def _prepare() -> None:
    for _ in range(PREPARE_AFTER + 1):
        _ask()
    assert _prepared() == 1


def _migrate() -> None:
    """By another process, as the next release would."""
    options = connection.get_connection_params()
    where = {
        name: options[name] for name in ("host", "port", "user", "password", "dbname") if name in options
    }
    with psycopg.connect(**where, autocommit=True) as other:
        other.execute("ALTER TABLE migrated ALTER COLUMN words TYPE varchar(20)")


def test_a_statement_is_prepared_once_it_has_been_run_often_enough() -> None:
    for _ in range(PREPARE_AFTER):
        _ask()
    assert _prepared() == 0
    _ask()
    assert _prepared() == 1


def test_a_statement_that_the_server_refuses_is_run_again_and_the_connection_replaced() -> None:
    _prepare()
    _migrate()
    raw = connection.connection
    assert [_ask() for _ in range(3)] == ["kept"] * 3
    close_old_connections()  # as Django does after a request and django-q2 before a task
    assert _ask() == "kept"
    assert connection.connection is not raw


def test_within_a_transaction_it_fails_once() -> None:
    _prepare()
    _migrate()
    with pytest.raises(NotSupportedError), transaction.atomic():
        _ask()
    assert _ask() == "kept"


@pytest.mark.parametrize("kind", ["cursor", "chunked_cursor"])
def test_what_is_not_supported_at_all_is_told(kind: str) -> None:
    cursor = getattr(connection, kind)()
    with cursor, pytest.raises(NotSupportedError, match="window functions"):
        cursor.execute("SELECT count(*) OVER (PARTITION BY id) FROM migrated FOR UPDATE OF nobody")
