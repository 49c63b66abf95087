"""No migration reads a large table through while it keeps those who write from one: the service is running.

Nothing is read off the statements: they run on the schema that the previous release has made, and PostgreSQL tells what
each transaction has read and what it holds.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Random

from classification.online import AddCheck, AddIndexOnline, ValidateCheck
from tests.deploy.conftest import migrated_by, new_migrations
from tests.deploy.locks import TABLES, read_while_held, transactions
from tests.system.database import Postgres

pytestmark = pytest.mark.django_db
INDEX = models.Index(fields=["claim"], name="batch_claim")
CHECK = models.CheckConstraint(condition=models.Q(attempts__lt=9), name="batch_few_attempts")
A_MODEL = migrations.CreateModel(
    "Mood", [("id", models.BigAutoField(primary_key=True)), ("of", models.UUIDField())]
)


@pytest.fixture(scope="module")
def old(before: Path) -> Iterator[Postgres]:
    """The schema that the previous release has made."""
    with migrated_by(before, f"locks_{os.getpid()}") as database:
        yield database


@pytest.fixture
def previously(before: Path) -> ProjectState:
    """The models as the previous release had them."""
    loader, new = MigrationLoader(None), new_migrations(before)
    return loader.project_state([node for node in loader.graph.nodes if node not in new])


@pytest.fixture
def server(old: Postgres) -> Iterator[psycopg.Connection]:
    copied = old.copy("copy")
    try:
        with psycopg.connect(copied.url, autocommit=True) as connection:
            yield connection
    finally:
        copied.drop()


def run(
    server: psycopg.Connection, steps: list[migrations.Migration], state: ProjectState
) -> dict[str, set[str]]:
    """Migrate, and tell for each migration what it read of the old tables while it held one."""
    old = {name for (name,) in server.execute(TABLES)}
    return {
        f"{step.app_label}.{step.name}": {
            name
            for statements in transactions(step, state)
            for name in read_while_held(server, statements, old)
        }
        for step in steps
    }


def test_no_new_migration_reads_a_large_table_while_it_holds_one(
    before: Path, server: psycopg.Connection, previously: ProjectState
) -> None:
    graph = MigrationLoader(None).graph

    found = run(server, [graph.nodes[step] for step in new_migrations(before)], previously)

    assert found
    assert not {name: tables for name, tables in found.items() if tables}


def migration(*operations: Operation, atomic: bool = True) -> migrations.Migration:
    kind = type("Tried", (migrations.Migration,), {"operations": operations, "atomic": atomic})
    made: migrations.Migration = kind("tried", "batches")
    return made


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddIndex("batch", INDEX),
        migrations.AddConstraint("batch", CHECK),
        migrations.AddConstraint("batch", models.UniqueConstraint(fields=["claim"], name="claimed_once")),
        migrations.AddField("batch", "mood", models.PositiveSmallIntegerField(db_default=0)),
        migrations.AddField("batch", "mood", models.FloatField(db_default=Random())),
        migrations.AlterField("batch", "label", models.CharField(max_length=9)),
        migrations.AlterField("batch", "claim", models.UUIDField()),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_reads_a_table_while_it_holds_it_is_found(
    operation: Operation, server: psycopg.Connection, previously: ProjectState
) -> None:
    assert run(server, [migration(operation)], previously) == {"batches.tried": {"batches_batch"}}


def test_it_is_found_behind_another_operation_and_in_another_table(
    server: psycopg.Connection, previously: ProjectState
) -> None:
    """What holds one table must not read another one either, and nothing is checked where it was just added."""
    mixed = migration(
        A_MODEL,
        migrations.AddIndex("mood", models.Index(fields=["of"], name="mood_of")),
        migrations.AddField("batch", "mood", models.TextField(null=True)),
        migrations.AddIndex("message", models.Index(fields=["text"], name="message_text")),
    )
    at_once = migration(AddCheck("batch", CHECK), ValidateCheck("batch", CHECK.name))

    assert run(server, [mixed], previously) == {"batches.tried": {"batches_message"}}
    assert run(server, [at_once], previously) == {"batches.tried": {"batches_batch"}}


def test_what_holds_nobody_up_is_not_found(server: psycopg.Connection, previously: ProjectState) -> None:
    steps = [
        migration(A_MODEL, migrations.AddIndex("mood", models.Index(fields=["of"], name="mood_of"))),
        migration(migrations.AddField("batch", "mood", models.TextField(db_default="calm"))),
        migration(AddCheck("batch", CHECK)),
        migration(ValidateCheck("batch", CHECK.name), AddIndexOnline("batch", INDEX), atomic=False),
    ]
    for step in steps:
        assert run(server, [step], previously) == {"batches.tried": set()}
    [checked] = server.execute("SELECT convalidated FROM pg_constraint WHERE conname = %s", [CHECK.name])
    assert checked == (True,)


def test_an_index_that_a_lock_held_up_is_built_by_the_next_try(
    server: psycopg.Connection, previously: ProjectState
) -> None:
    """As in a roll-out, which waits 3 s for a lock and then tries again."""
    step = migration(AddIndexOnline("batch", INDEX), atomic=False)
    statements = [statement for one in transactions(step, previously.clone()) for statement in one]
    server.execute("SET lock_timeout = '100ms'")
    with psycopg.connect(server.info.dsn) as other:
        other.execute("LOCK TABLE batches_batch IN ROW EXCLUSIVE MODE")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            for statement in statements:
                server.execute(statement.encode())
    assert valid(server) == [(False,)]

    run(server, [step], previously)

    assert valid(server) == [(True,)]


def valid(server: psycopg.Connection) -> list[tuple[bool]]:
    return server.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", [INDEX.name]
    ).fetchall()
