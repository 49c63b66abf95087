"""What an operator should hear at start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Info
from django.core.checks import Warning as CheckWarning
from django.db import connections

from classification.models import RuleSet
from classification.rulesets import shipping


def openai_has_a_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The OpenAI engine is switched on, but has no key and will never decide.

    classification.I001 where another engine does instead, classification.W001 where none would.
    """
    engines = settings.CLASSIFICATION_ENGINES
    if "openai" not in engines or settings.OPENAI_API_KEY:
        return []
    if engines == ["openai"]:
        problem = (
            "OPENAI_API_KEY is not set, and CLASSIFICATION_ENGINES names no other engine: nothing is decided."
        )
        return [CheckWarning(problem, hint="Set OPENAI_API_KEY, or add rules.", id="classification.W001")]
    problem = "OPENAI_API_KEY is not set: the next of CLASSIFICATION_ENGINES decides."
    return [
        Info(problem, hint="CLASSIFICATION_ENGINES=rules says that it is meant.", id="classification.I001")
    ]


def shipped_rules_are_live(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """classification.I002: this version came with a rule set, but an operator's own is live and stays so.

    Asked of a database alone: by migrate, and by check --database default.
    """
    if "default" not in (databases or []) or not _has_table():
        return []
    waiting = shipping.waiting()
    told = f"A newer shipped rule set ({waiting}) can be loaded into the draft; the live one is your own."
    hint = "Admin, Understanding, Draft: compare, merge, publish. The next publication ends this message."
    return [Info(told, hint=hint, id="classification.I002")] if waiting else []


def _has_table() -> bool:
    """Checks run before the first migration, too."""
    return RuleSet._meta.db_table in connections["default"].introspection.table_names()
