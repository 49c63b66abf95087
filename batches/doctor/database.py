"""The database: version, settings, room for connections, clock, migrations."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from batches.pending import pending_migrations, unknown_migrations
from classification.findings import Finding, ok, problem, warning

OLDEST_POSTGRES = 14  # what Django 5.2 runs on
OLDEST_SQLITE = (3, 35, 0)  # RETURNING
CLOCKS_DIFFER, CLOCKS_WRONG = 2.0, 60.0  # seconds
# Bytes: PostgreSQL's own default, and a database that outgrows it.
FEW_BUFFERS, LARGE = 128 << 20, 1_000_000_000
NODE_OWN = 4  # connections of a node beside its workers': main process, sentinel, pusher, monitor
DRAIN = 1  # connection of a web process beside its threads': storing what waited in the spool
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND datname IS DISTINCT FROM current_database()"
)


def server() -> Iterator[Finding]:
    """Its version, and the settings on which the promises rest."""
    yield from _postgres() if connection.vendor == "postgresql" else _sqlite()


def _postgres() -> Iterator[Finding]:
    version = int(_ask("SHOW server_version_num")) // 10_000
    if version < OLDEST_POSTGRES:
        yield problem(f"PostgreSQL {version} is too old", f"PostgreSQL {OLDEST_POSTGRES} or newer is needed.")
    if _ask("SELECT pg_is_in_recovery()"):
        yield problem("this server only reads (a replica)", "DATABASE_URL has to name the one that writes.")
    isolation = _ask("SHOW transaction_isolation")
    if isolation != "read committed":
        yield problem(
            f"transactions are isolated as '{isolation}'", "ALTER ROLE … RESET default_transaction_isolation;"
        )
    for name, loss in (("fsync", "the database itself"), ("synchronous_commit", "what was acknowledged")):
        if _ask(f"SHOW {name}") == "off":
            yield warning(f"{name} is off: a crash of the server may lose {loss}", f"Set {name} = on.")
    if (encoding := _ask("SHOW server_encoding")) != "UTF8":
        yield problem(
            f"its encoding is {encoding}: not every SMS can be stored", "Make the database with UTF8."
        )
    if (zone := _ask("SHOW TimeZone")) != "UTC":
        yield warning(
            f"this session's time zone is {zone}", "The service asks for UTC: see what overrides it."
        )
    yield from _buffers()
    yield from _pooler()
    yield ok(f"PostgreSQL {_ask('SHOW server_version')}, {isolation}")


def _buffers() -> Iterator[Finding]:
    """Room in memory for the indexes that every message meets."""
    buffers = int(_ask("SELECT pg_size_bytes(current_setting('shared_buffers'))"))
    size = int(_ask("SELECT pg_database_size(current_database())"))
    if buffers <= FEW_BUFFERS and size > LARGE:
        yield warning(
            f"shared_buffers is {buffers >> 20} MB, and the database has {size / 1e9:,.1f} GB: posts become slower",
            "Give PostgreSQL a quarter of the memory (docs/deploy.md, step 5), and restart it.",
        )


def _pooler() -> Iterator[Finding]:
    """A pooler that is taken for the server: it gives each connection a number of its own, not that of a process."""
    named = settings.ENV.database_pooler_url.get_secret_value()
    if not named and int(_ask("SELECT pg_backend_pid()")) != connection.connection.info.backend_pid:
        yield warning(
            "DATABASE_URL leads to a pooler; where its pool_mode is transaction, prepared statements fail",
            "DATABASE_URL names the server itself, DATABASE_POOLER_URL the pooler (docs/scaling.md).",
        )


def _sqlite() -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield problem(f"SQLite {version} is too old", "Use a newer Python, or PostgreSQL.")
    journal, synchronous = _ask("PRAGMA journal_mode"), _ask("PRAGMA synchronous")
    if journal != "wal":
        yield problem(
            f"its journal is '{journal}', not a write-ahead log",
            "Put it on a local disk that can be written.",
        )
    if not int(synchronous):
        yield warning(
            "synchronous is off: a power cut may ruin the file", "Start the service with its own settings."
        )
    if settings.ENV.web_processes > 1:
        yield warning(
            f"{settings.ENV.web_processes} web processes share SQLite, which has one writer",
            "Use PostgreSQL for load.",
        )
    yield ok(f"SQLite {version}, journal {journal}, synchronous {synchronous}")


def connections_needed() -> Iterator[Finding]:
    """What this machine takes of PostgreSQL's connections when everybody is busy, beside what is left."""
    if connection.vendor != "postgresql":
        return
    web, need = _most_connections()
    if settings.ENV.database_pooler_url.get_secret_value():
        yield ok(f"this machine takes up to {need} of the pooler's (its max_client_conn; web {web})")
        return
    limit = int(_ask("SHOW max_connections")) - int(_ask("SHOW superuser_reserved_connections"))
    others = int(_ask(OTHERS))
    told = f"this machine takes up to {need} connections (web {web}); the server has {limit}, others use {others}"
    if need > limit:
        yield problem(told, "Raise max_connections, lower WEB_THREADS or WORKERS, or put pgbouncer in front.")
    elif need + others > limit:
        yield warning(told, "Raise max_connections, or put pgbouncer in front.")
    else:
        yield ok(told)


def _most_connections() -> tuple[int, int]:
    """The web server's, and those of the whole machine."""
    env = settings.ENV
    web = env.web_processes * (env.web_threads + DRAIN)
    sweepers = int(settings.Q_CLUSTER["ALT_CLUSTERS"]["sweep"]["workers"])
    return web, web + env.workers + NODE_OWN + sweepers + NODE_OWN


def clocks() -> Iterator[Finding]:
    """This machine's beside the database's, which decides about windows and leases."""
    if connection.vendor != "postgresql":
        yield ok("SQLite has this machine's")
        return
    before = datetime.now(UTC)
    theirs: datetime = _row("SELECT clock_timestamp()")
    difference = (theirs - before).total_seconds()
    told = f"the database's is {abs(difference):.2f} s {'ahead of' if difference > 0 else 'behind'} this machine's"
    mend = "Run a time service (chrony, systemd-timesyncd) on both."
    if abs(difference) > CLOCKS_WRONG:
        yield problem(told, mend)
    else:
        yield warning(told, mend) if abs(difference) > CLOCKS_DIFFER else ok(told)


def migrations() -> Iterator[Finding]:
    """Applied all, and none that this release does not know."""
    pending, unknown = pending_migrations(), unknown_migrations()
    if pending:
        names = ", ".join(map(".".join, pending[:3]))
        yield problem(f"{len(pending)} not applied: {names}{' …' * (len(pending) > 3)}", "manage.py migrate")
    if unknown:
        yield warning(
            f"{len(unknown)} of another release are applied ({'.'.join(unknown[0])}{' …' * (len(unknown) > 1)})",
            "Well after a roll-back: a newer schema serves this release, too.",
        )
    if not pending and not unknown:
        yield ok("all applied")


def _ask(statement: str) -> str:
    value = _row(statement)
    return "" if value is None or value is False else str(value)


def _row(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
