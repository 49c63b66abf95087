"""Operations for migrations that run beside the service: none keeps writers from a table while it reads it through.

On SQLite they are what Django has: there each change makes a table anew. In the lowest application, so that all others
can use them.
"""

from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db.migrations import AddConstraint, AddIndex


class AddCheck(AddConstraintNotValid):
    """A CHECK for what is written from now on. ValidateCheck, in a later migration, looks at what is there."""

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        kind = AddConstraintNotValid if _on_postgres(editor) else AddConstraint
        kind.database_forwards(self, app_label, editor, from_state, to_state)


class ValidateCheck(ValidateConstraint):
    """Writers go on meanwhile, but whatever its transaction has done before holds them up: it needs one of its own."""

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        if _on_postgres(editor):
            super().database_forwards(app_label, editor, from_state, to_state)


class AddIndexOnline(AddIndex):
    """Built beside writers, in a migration with `atomic = False`. It can be tried again: what was begun goes first."""

    def database_forwards(self, app_label: str, editor: Any, _from: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(editor.connection.alias, model):
            self._drop(editor)
            editor.add_index(model, self.index, **({"concurrently": True} if _on_postgres(editor) else {}))

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, _to: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(editor.connection.alias, model):
            self._drop(editor)

    def _drop(self, editor: Any) -> None:
        beside = "CONCURRENTLY " if _on_postgres(editor) else ""
        editor.execute(f"DROP INDEX {beside}IF EXISTS {editor.quote_name(self.index.name)}")


def _on_postgres(editor: Any) -> bool:
    return bool(editor.connection.vendor == "postgresql")
