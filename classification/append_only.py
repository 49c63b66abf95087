"""Rows that are written once. It lives in the lowest application so that all others can build on it."""

from typing import Any, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
TEXTS = (models.CharField, models.TextField, models.JSONField)


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete a row of the record."""


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """A query set that reads and adds. bulk_update() and update_or_create() end in what is refused here."""

    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are never changed")

    def redact_rows(self, **values: Any) -> int:
        """The one door: empty texts whose time is over, or replace a number that was erased; gives how many rows.

        For batches/retention alone, and a test looks for other callers. Raises AppendOnlyError for a field that is no
        text, or that has a fixed choice of words: what happened, when, and who decided stays as it was.
        """
        for name in values:
            column = self.model._meta.get_field(name)
            if not isinstance(column, TEXTS) or column.choices:
                raise AppendOnlyError(f"{self.model.__name__}.{name} is never changed")
        return super().update(**values)

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are never deleted")


class AppendOnlyManager(models.Manager[Row]):
    """Reads and adds."""

    def get_queryset(self) -> AppendOnlyQuerySet[Row]:
        return AppendOnlyQuerySet(self.model, using=self._db)


class AppendOnly(models.Model):
    """A model whose rows can be added and read, nothing else."""

    objects = AppendOnlyManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises AppendOnlyError for one that is already stored."""
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} rows are never changed")
        # Without force_insert, Django tries an UPDATE first when a primary key was given.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Never: raises AppendOnlyError."""
        raise AppendOnlyError(f"{type(self).__name__} rows are never deleted")
