"""Expand, then contract: the previous release works on the schema that this one's migrations make.

A roll-out migrates while the previous release is running, and a roll-back brings it back without migrating. So no
migration drops, renames or narrows anything that the previous release uses; that is for the release after.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements, get_sql_analyser_class

from smsconsolidator.env import BASE_DIR
from tests.deploy.conftest import OWN, migrated_by, new_migrations
from tests.system.database import Postgres

pytestmark = pytest.mark.timeout(600)  # a suite of its own, and a database made from the first migration on
# Some of the previous release's own tests: they write, move and read every kind of row. None that commits: those empty
# every table each time. Races and kills are what the rehearsal of a roll-out is for, with that release's processes.
ITS_TESTS = (
    "tests/batches/test_state.py",
    "tests/batches/test_webhook.py",
    "tests/batches/test_keywords.py",
    "tests/replies/test_retries.py",
)
# Migrations that the linter refuses and that the previous release can live with: name and reason. A widened column or
# CHECK belongs here; what it must not cost is shown by the previous release's tests below.
ALLOWED: dict[str, str] = {}


def problems(statements: Sequence[str]) -> list[str]:
    """What the linter says of one migration's statements on PostgreSQL."""
    errors, _, _ = analyse_sql_statements(get_sql_analyser_class("postgresql"), list(statements))
    return [error.code for error in errors]


@pytest.mark.django_db
def test_new_migrations_only_add(before: Path) -> None:
    linter = MigrationLinter(database="default", no_cache=True)
    for app, name in new_migrations(before):
        found = problems(linter.get_sql(app, name))
        assert not found or f"{app}.{name}" in ALLOWED, f"{app}.{name}: {found}"


def test_no_migration_of_the_previous_release_was_changed(before: Path) -> None:
    for app in OWN:
        for file in (before / app / "migrations").glob("0*.py"):
            assert (BASE_DIR / app / "migrations" / file.name).read_text() == file.read_text(), file.name


@pytest.fixture
def migrated() -> Iterator[Postgres]:
    """What this release has migrated, under the name in which pytest-django looks for it."""
    with migrated_by(BASE_DIR, f"test_previous_{os.getpid()}") as database:
        yield database


def test_the_previous_release_passes_its_own_tests_on_the_new_schema(
    before: Path, migrated: Postgres
) -> None:
    url = migrated.url.replace("/test_previous", "/previous")
    command = [sys.executable, "-m", "pytest", "-q", "--reuse-db", "-p", "no:cacheprovider", *ITS_TESTS]
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    done = subprocess.run(command, cwd=before, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 50
    applied = migrated.rows("SELECT app, name FROM django_migrations")
    assert set(new_migrations(before)) <= set(applied), "it did not run on the new schema"


def test_the_linter_sees_what_an_old_release_cannot_live_with() -> None:
    """So that the test above can fail."""
    assert problems(['ALTER TABLE "batches_batch" DROP COLUMN "label"']) == ["DROP_COLUMN"]
    assert problems(['ALTER TABLE "batches_batch" ADD COLUMN "mood" text NOT NULL']) == ["NOT_NULL"]
    assert problems(['ALTER TABLE "batches_batch" RENAME COLUMN "label" TO "verdict"']) == ["RENAME_COLUMN"]
    assert problems(['ALTER TABLE "batches_batch" ADD COLUMN "mood" text DEFAULT \'\' NOT NULL']) == []
