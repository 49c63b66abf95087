"""What the settings make of the databases' addresses."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from smsconsolidator.databases import databases
from smsconsolidator.env import Environment

SERVER = "postgres://user:pass-w0rd@db.example.org:5432/sms"
POOLER = "postgres://user:pass-w0rd@127.0.0.1:6432/sms"
REPLICA = "postgres://reader:other-w0rd@replica.example.org:5432/sms?sslmode=require"


def env(**urls: str) -> Environment:
    return Environment.model_validate({"django_secret_key": "k" * 50} | urls)


def test_without_pooler_and_replica_there_is_one() -> None:
    found = databases(env(database_url=SERVER))
    assert list(found) == ["default"]
    assert found["default"]["HOST"] == "db.example.org"
    assert not found["default"].get("DISABLE_SERVER_SIDE_CURSORS")


def test_through_a_pooler_nothing_outlives_a_transaction() -> None:
    pooled = databases(env(database_url=SERVER, database_pooler_url=POOLER))["default"]
    assert (pooled["HOST"], pooled["PORT"]) == ("127.0.0.1", 6432)
    assert pooled["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert pooled["OPTIONS"]["prepare_threshold"] is None
    assert "options" not in pooled["OPTIONS"]  # pgbouncer refuses a connection that sets any


def test_a_replica_is_read_only_and_keeps_its_own_options() -> None:
    found = databases(env(database_url=SERVER, report_database_url=REPLICA))
    assert found["default"]["HOST"] == "db.example.org"
    assert found["reports"]["HOST"] == "replica.example.org"
    assert found["reports"]["OPTIONS"]["options"] == "-c default_transaction_read_only=on"
    assert found["reports"]["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("name", ["database_pooler_url", "report_database_url"])
def test_sqlite_has_neither(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name.upper()} is for PostgreSQL"):
        databases(env(database_url="sqlite:///db.sqlite3", **{name: SERVER}))


def test_their_passwords_are_secrets() -> None:
    given = env(database_url=SERVER, database_pooler_url=POOLER, report_database_url=REPLICA)
    assert {"pass-w0rd", "other-w0rd"} <= set(given.secrets())
