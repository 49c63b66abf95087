"""Rows written without the ORM's query compiler, which costs several times what the statement itself does.

For the few writes that every conversation makes (claim, verdict, reply, outcome and their events): with the ORM they
were half of a worker's time. Columns are adapted by the model's own fields; everything rarer uses the ORM.
It lives in the lowest application so that all others can build on it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

from classification.clock import SQLITE_NOW

if TYPE_CHECKING:
    Field = models.Field[Any, Any]  # Django's own class takes no types at run time


class Sql(str):
    """SQL in place of a value, or behind a column in a condition. Never made of anything that came from outside."""

    __slots__ = ()


@dataclass(frozen=True)
class Update:
    """An update to be written together with others (see `write`)."""

    model: type[models.Model]
    where: Mapping[str, Any]
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Insert:
    """A new row to be written together with others."""

    model: type[models.Model]
    row: Mapping[str, Any]


def now(plus: float = 0) -> Sql:
    """The database's clock (UTC), `plus` seconds later."""
    if connection.vendor == "postgresql":
        return Sql(
            f"statement_timestamp() + interval '{plus:f} seconds'" if plus else "statement_timestamp()"
        )
    return Sql(SQLITE_NOW.replace("'now'", f"'now', '{plus:f} seconds'") if plus else SQLITE_NOW)


def end_of(period: str, at: Sql | None = None) -> Sql:
    """When the minute, day or month of UTC ends in which it is `at`, or now by the database's clock."""
    at = at or now()
    if connection.vendor == "postgresql":
        return Sql(
            f"(date_trunc('{period}', {at} AT TIME ZONE 'UTC') + interval '1 {period}') AT TIME ZONE 'UTC'"
        )
    begin = "" if period == "minute" else f"'start of {period}', "
    return Sql(f"strftime('%%Y-%%m-%%d %%H:%%M:00.000000', {at}, {begin}'+1 {period}')")


def shifted(column: str, seconds: float) -> Sql:
    """The time in a column, `seconds` later (earlier, where they are negative)."""
    if connection.vendor == "postgresql":
        return Sql(f"{column} + interval '{seconds:f} seconds'")
    return Sql(f"strftime('%%Y-%%m-%%d %%H:%%M:%%f000', {column}, '{seconds:+f} seconds')")


def insert(model: type[models.Model], *rows: Mapping[str, Any]) -> list[int]:
    """Insert `rows`, which all name the same columns, in one statement; gives their ids."""
    names, parameters = tuple(rows[0]), list[Any]()
    values = ", ".join(f"({', '.join(adapted(model, row, parameters))})" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(f"{_insert_into(model, names)} VALUES {values} RETURNING id", parameters)
        return [row[0] for row in cursor.fetchall()]


def update(model: type[models.Model], where: Mapping[str, Any], **changes: Any) -> int:
    """Update the rows for which every condition holds (equal to a value, one of a list, or SQL); gives their number."""
    statement, parameters = _update(model, where, changes)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def update_returning(
    model: type[models.Model], where: Mapping[str, Any], returning: Sql, **changes: Any
) -> list[tuple[Any, ...]]:
    """The same; gives what `returning` says of each updated row afterwards."""
    statement, parameters = _update(model, where, changes)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {returning}", parameters)
        return list(cursor.fetchall())


def delete(model: type[models.Model], row_id: int) -> None:
    """Delete a row to which no other refers; nothing happens when it has gone."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table(model)} WHERE id = %s", [row_id])  # noqa: S608  # nosec B608


def write(first: Update, *others: Update | Insert) -> bool:
    """Make the first change and, where it found a row, the others; gives whether it did. All or nothing.

    One statement on PostgreSQL, each about tables of its own: nobody waits for the answer to the one before, and
    outside a transaction it needs none.
    """
    if connection.vendor == "postgresql":
        return _write_at_once(first, others)
    with transaction.atomic(savepoint=False):
        found = update(first.model, first.where, **first.changes) > 0
        for other in others if found else ():
            if isinstance(other, Insert):
                insert(other.model, other.row)
            else:
                update(other.model, other.where, **other.changes)
    return found


def _write_at_once(first: Update, others: Iterable[Update | Insert]) -> bool:
    statement, parameters = _update(first.model, first.where, first.changes)
    parts = [f"first AS ({statement} RETURNING 1)"]
    for number, other in enumerate(others):
        statement, more = _if_found(other)
        parts.append(f"other_{number} AS ({statement} EXISTS (SELECT FROM first))")  # nosec B608
        parameters += more
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT EXISTS (SELECT FROM first)", parameters)  # noqa: S608  # nosec B608
        return bool(cursor.fetchone()[0])


def _if_found(change: Update | Insert) -> tuple[str, list[Any]]:
    """The change up to a last condition that is to follow."""
    if isinstance(change, Update):
        statement, parameters = _update(change.model, change.where, change.changes)
        return f"{statement} AND", parameters
    parameters = list[Any]()
    values = ", ".join(adapted(change.model, change.row, parameters))
    return f"{_insert_into(change.model, tuple(change.row))} SELECT {values} WHERE", parameters


def _update(
    model: type[models.Model], where: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    parameters = list[Any]()
    changed = zip(changes, adapted(model, changes, parameters), strict=True)
    sets = ", ".join(f"{_column(model, name)} = {value}" for name, value in changed)
    conditions = " AND ".join(_conditions(model, where, parameters))
    return f"UPDATE {_table(model)} SET {sets} WHERE {conditions}", parameters  # noqa: S608  # nosec B608


def adapted(model: type[models.Model], row: Mapping[str, Any], parameters: list[Any]) -> list[str]:
    """What stands for each of the row's values in a statement; `parameters` gets what goes with it."""
    return [_value(_field(model, name), value, parameters) for name, value in row.items()]


def _conditions(model: type[models.Model], where: Mapping[str, Any], parameters: list[Any]) -> Iterable[str]:
    for name, value in where.items():
        column, field = _column(model, name), _field(model, name)
        if isinstance(value, Sql):
            yield f"{column} {value}"
        elif isinstance(value, list):
            yield f"{column} IN ({', '.join(_value(field, one, parameters) for one in value)})"
        else:
            yield f"{column} = {_value(field, value, parameters)}"


def _value(field: "Field", value: Any, parameters: list[Any]) -> str:
    if isinstance(value, Sql):
        return value
    parameters.append(field.get_db_prep_save(value, connection))
    return "%s"


@cache
def columns(model: type[models.Model]) -> Sql:
    """All that the model knows of, for a select: `*` would give more as soon as a newer version added a column."""
    table = _table(model)
    return Sql(", ".join(f"{table}.{_quote(str(field.column))}" for field in model._meta.concrete_fields))


@cache
def _insert_into(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    return f"INSERT INTO {_table(model)} ({columns})"


def _table(model: type[models.Model]) -> str:
    return _quote(model._meta.db_table)


@cache
def _field(model: type[models.Model], name: str) -> "Field":
    return model._meta.get_field(name)  # type: ignore[return-value]  # a column's own, never a relation's other end


@cache
def _column(model: type[models.Model], name: str) -> str:
    return _quote(str(_field(model, name).column))


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
