"""Deployment. Migrations are judged by what they do on PostgreSQL: SQLite makes each table anew."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader

from deploy import previous
from tests.deploy.copied import filled
from tests.deploy.server import Server
from tests.support.databases import ON_POSTGRES
from tests.system.database import Database, Postgres

FOR_POSTGRES = ["test_migrations.py", "test_locks.py"]
# Files and processes, which take long and ask no database: once is enough, where nothing else is needed.
FOR_NO_DATABASE = [
    "test_back.py",
    "test_files.py",
    "test_nginx.py",
    "test_second_machine.py",
    "test_start.py",
    "test_upstream.py",
    "test_verdict.py",
]
collect_ignore = FOR_NO_DATABASE if ON_POSTGRES else FOR_POSTGRES
OWN = {"batches", "classification", "replies"}


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous release's files."""
    place = tmp_path_factory.mktemp("previous") / "release"
    previous.unpack(place)
    return place


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Blue is release 0.1 and answers; green is release 0.2 and waits."""
    with Server.made(tmp_path) as found:
        found.give("first", "blue")
        yield found


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with rows, to be copied."""
    with filled(tmp_path_factory.mktemp("backup")) as database:
        yield database


def new_migrations(before: Path) -> list[tuple[str, str]]:
    """This release's migrations (application, name) that the previous one does not have, in the order they run."""
    graph = MigrationLoader(connection=None).graph
    plan = dict.fromkeys(node for leaf in graph.leaf_nodes() for node in graph.forwards_plan(leaf))
    return [
        (app, name)
        for app, name in plan
        if app in OWN and not (before / app / "migrations" / f"{name}.py").exists()
    ]


@contextmanager
def migrated_by(release: Path, name: str) -> Iterator[Postgres]:
    """A database that the release in this directory has migrated."""
    database = Postgres(os.environ["DATABASE_URL"], name)
    database.create()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database.url,
        "ENV_FILE": os.devnull,
        "DJANGO_SECRET_KEY": "for-the-tests-of-deployment-" * 2,
    }
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    try:
        subprocess.run(command, cwd=release, env=environment, check=True)
        database.forget_fast()
        yield database
    finally:
        database.drop()
