"""The databases as the settings name them: the one that is written, and perhaps a copy of it for reports to read."""

from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from smsconsolidator.env import BASE_DIR, Environment
from smsconsolidator.prepared import PREPARE_AFTER

DEFAULT, REPORTS = "default", "reports"
# Seconds (the last one: milliseconds) until a server that has gone without a word counts as gone.
PATIENCE = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def databases(env: Environment) -> dict[str, dict[str, Any]]:
    """Django's DATABASES; `reports` is in it where REPORT_DATABASE_URL is set.

    Raises ImproperlyConfigured where a pooler or a replica is named for SQLite, which has neither.
    """
    url, pooler = env.database_url.get_secret_value(), env.database_pooler_url.get_secret_value()
    replica = env.report_database_url.get_secret_value()
    if url.startswith("sqlite"):
        if pooler or replica:
            name = "DATABASE_POOLER_URL" if pooler else "REPORT_DATABASE_URL"
            raise ImproperlyConfigured(f"{name} is for PostgreSQL, but DATABASE_URL names a SQLite file")
        return {DEFAULT: _sqlite(url)}
    found = {DEFAULT: _pooled(pooler) if pooler else _postgres(url)}
    if replica:
        found[REPORTS] = _read_only(replica)
    return found


def _sqlite(url: str) -> dict[str, Any]:
    config = _parsed(url)
    if config["NAME"] != ":memory:":
        config["NAME"] = BASE_DIR / config["NAME"]
    # One writer at a time: wait for it (seconds) instead of failing half-way through a transaction.
    config["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    config["CONN_MAX_AGE"] = None
    return config


def _postgres(url: str) -> dict[str, Any]:
    config = _parsed(url)
    config["CONN_MAX_AGE"] = 600
    config["CONN_HEALTH_CHECKS"] = True
    # Parameters travel beside the statement, which costs psycopg a quarter less time than to write them into it; and
    # with the few statements that every conversation runs the server need not be told anew each time how.
    ours = {"server_side_binding": True, "prepare_threshold": PREPARE_AFTER}
    config["OPTIONS"] = PATIENCE | ours | config.get("OPTIONS", {})
    return config


def _pooled(url: str) -> dict[str, Any]:
    """Through pgbouncer in transaction mode: each transaction may meet another session of the server.

    So nothing may outlive a transaction: no cursor of the server's, no prepared statement, no setting of the session.
    """
    config = _postgres(url)
    config["DISABLE_SERVER_SIDE_CURSORS"] = True
    config["OPTIONS"]["prepare_threshold"] = None
    return config


def _read_only(url: str) -> dict[str, Any]:
    """The server itself refuses whatever would write, also where it is no replica."""
    config = _postgres(url)
    given = config["OPTIONS"].get("options", "")
    config["OPTIONS"]["options"] = f"{given} -c default_transaction_read_only=on".strip()
    return config


def _parsed(url: str) -> dict[str, Any]:
    return dict(dj_database_url.parse(url))
