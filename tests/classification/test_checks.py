from typing import Any

import pytest
from django.core import checks

KEY, OURS = "sk-1", "https://models.example.org/v1"


def found() -> list[str]:
    ids = [str(message.id) for message in checks.run_checks()]
    return [name for name in ids if name.startswith("classification.")]


@pytest.mark.parametrize("mode", ["llm_then_rules", "rules_then_llm", "shadow"])
@pytest.mark.parametrize(("key", "ids"), [("", ["classification.I001"]), (KEY, [])])
def test_it_tells_that_the_model_has_no_key(settings: Any, mode: str, key: str, ids: list[str]) -> None:
    settings.CLASSIFICATION_MODE = mode
    settings.OPENAI_API_KEY = key
    assert found() == ids


def test_rules_need_no_key(settings: Any) -> None:
    settings.CLASSIFICATION_MODE = "rules"
    assert found() == []


@pytest.mark.parametrize(
    ("kind", "address", "model", "ids"),
    [
        ("decisions", "", "gpt-6-luna", []),
        ("decisions", "https://eu.api.openai.com/v1", "gpt-6-luna-2026-10-06", []),
        ("decisions", "http://127.0.0.1:9001/v1", "gpt-6-luna", []),
        ("decisions", "http://localhost:9001/v1", "gpt-6-luna", []),
        ("decisions", OURS, "gpt-6-luna", ["classification.E001"]),
        ("decisions", "https://openai.com.example.org/v1", "gpt-6-luna", ["classification.E001"]),
        ("decisions", "https://notopenai.com/v1", "gpt-6-luna", ["classification.E001"]),
        ("decisions", "", "gpt-5.6-luna", ["classification.W001"]),
        ("chat", OURS, "llama", []),
        ("responses", OURS, "llama", []),
    ],
)
def test_decisions_are_openais_alone(
    settings: Any, kind: str, address: str, model: str, ids: list[str]
) -> None:
    settings.OPENAI_API_KEY = KEY
    settings.OPENAI_KIND = kind
    settings.OPENAI_BASE_URL = address
    settings.OPENAI_MODEL = model
    assert found() == ids
