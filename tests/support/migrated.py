"""The database as the migrations leave it, put back after each test that commits.

Django empties all tables instead and lets the applications fill them anew (rule set, keywords, roles), which takes
half a second each time. Here the rows are copied beside their tables once, and from there.
"""

from django.db import connection, transaction

KEPT = "as_migrated_"


def keep() -> None:
    """Copy every table that has rows. Called once, when the database has just been made."""
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608 - names of our own tables
            if cursor.fetchone():
                cursor.execute(f'CREATE TABLE "{KEPT}{table}" AS SELECT * FROM "{table}"')  # noqa: S608


def put_back() -> None:
    """Every table again as it was kept, in one transaction: foreign keys are looked at in its end."""
    existing = set(connection.introspection.table_names())
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608
            if KEPT + table in existing:
                cursor.execute(f'INSERT INTO "{table}" SELECT * FROM "{KEPT}{table}"')  # noqa: S608


def _tables() -> list[str]:
    return sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
