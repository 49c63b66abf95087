"""What an operator should hear at start."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info
from django.core.checks import Warning as CheckWarning
from django.db import connections

from classification.engines.openai_address import base_url, is_openai, is_this_machine
from classification.models import RuleSet
from classification.modes import engines
from classification.rulesets import shipping

DECISIONS_MODEL = "gpt-6-luna"


def the_model_can_be_asked(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The mode asks a model, and the settings do not go together.

    classification.I001: there is no key, so rules decide. classification.E001: the address does not speak the
    protocol. classification.W001: the protocol does not know the model.
    """
    if "openai" not in engines(settings.CLASSIFICATION_MODE):
        return []
    if not settings.OPENAI_API_KEY:
        problem = f"OPENAI_API_KEY is not set: rules decide, whatever {settings.CLASSIFICATION_MODE} says."
        hint = "CLASSIFICATION_MODE=rules says that it is meant."
        return [Info(problem, hint=hint, id="classification.I001")]
    return list(_decisions()) if settings.OPENAI_KIND == "decisions" else []


def _decisions() -> Iterator[CheckMessage]:
    if not is_openai(base_url()) and not is_this_machine(base_url()):
        yield Error(
            "OPENAI_KIND=decisions is OpenAI's own protocol, and OPENAI_BASE_URL names another server.",
            hint="Leave OPENAI_BASE_URL empty, or set OPENAI_KIND=chat.",
            id="classification.E001",
        )
    if not settings.OPENAI_MODEL.startswith(DECISIONS_MODEL):
        yield CheckWarning(
            f"OPENAI_KIND=decisions takes the model {DECISIONS_MODEL} alone.",
            hint=f"Set OPENAI_MODEL={DECISIONS_MODEL}.",
            id="classification.W001",
        )


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
