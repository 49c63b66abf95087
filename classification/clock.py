"""The database's clock, which decides about windows, leases and circuits: several machines agree on it.

It lives in the lowest application so that all others can build on it.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import functions
from django.db.models.sql.compiler import SQLCompiler

# SQLite keeps times as text and compares them letter by letter, so every one needs Django's six decimals.
SQLITE_NOW = "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')"


class Now(functions.Now):
    """The current time (UTC); in milliseconds on SQLite, where one machine has one clock."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        sql, parameters = self.as_sql(compiler, connection, template=SQLITE_NOW.replace("%", "%%"))
        return sql, tuple(parameters)
