"""What a migration holds while it reads a table through, as PostgreSQL itself says."""

from collections.abc import Sequence

import psycopg
from django.db import connection, migrations
from django.db.migrations.state import ProjectState

# Whoever writes waits for these.
HOLDING = ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"]
SMALL = {"batches_channel"}  # as many rows as somebody has numbers
TABLES = "SELECT relname FROM pg_stat_user_tables"
READ = "SELECT relname, seq_scan + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables"
HELD = """SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND l.mode = ANY(%s)"""


def transactions(migration: migrations.Migration, state: ProjectState) -> list[list[str]]:
    """Its statements, by transaction; `state` is afterwards what it makes of it."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    statements = [line for line in editor.collected_sql if not line.startswith("--")]
    return [statements] if migration.atomic else [[statement] for statement in statements]


def read_while_held(server: psycopg.Connection, statements: Sequence[str], old: set[str]) -> set[str]:
    """Run one transaction: which of the tables `old` it read through while it kept writers from one of them."""
    if len(statements) == 1 and "CONCURRENTLY" in statements[0]:  # PostgreSQL refuses it in a transaction
        server.execute(statements[0].encode())
        return set()
    with server.transaction():
        before = dict[str, int](server.execute(READ))
        for statement in statements:
            server.execute(statement.encode())
        read = {name for name, count in server.execute(READ) if count > before.get(name, 0)}
        held = {name for (name,) in server.execute(HELD, [HOLDING])}
    return (read & old) - SMALL if held & old else set()
