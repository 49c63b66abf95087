"""What an operator should hear at start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning


def openai_has_a_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """classification.W001: the OpenAI engine is switched on, but it has no key and will never decide."""
    if "openai" not in settings.CLASSIFICATION_ENGINES or settings.OPENAI_API_KEY:
        return []
    return [
        CheckWarning(
            "CLASSIFICATION_ENGINES names openai, but OPENAI_API_KEY is not set: the next engine decides.",
            hint="Set OPENAI_API_KEY, or CLASSIFICATION_ENGINES=rules.",
            id="classification.W001",
        )
    ]
