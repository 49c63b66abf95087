"""What an operator should hear at start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Info
from django.core.checks import Warning as CheckWarning


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
