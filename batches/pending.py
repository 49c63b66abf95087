"""Which migrations of this release the database lacks, and which of another release it has."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Key = tuple[str, str]  # application and migration


def pending_migrations() -> list[Key]:
    """Those of this release that are not applied."""
    return sorted(_of_this_release() - _applied())


def unknown_migrations() -> list[Key]:
    """Those that are applied to our tables and that this release does not have."""
    known = _of_this_release()
    apps = {app for app, _name in known}
    return sorted(key for key in _applied() - known if key[0] in apps)


@cache
def _of_this_release() -> frozenset[Key]:
    """Read from the files, which do not change under a running process."""
    return frozenset(MigrationLoader(connection=None).graph.nodes)


def _applied() -> set[Key]:
    return set(MigrationRecorder(connection).applied_migrations())
