from typing import Any

import pytest
from django.core import checks


@pytest.mark.parametrize(
    ("engines", "key", "ids"),
    [
        (["openai", "rules"], "", ["classification.I001"]),
        (["openai"], "", ["classification.W001"]),
        (["openai", "rules"], "sk-1", []),
        (["rules"], "", []),
    ],
)
def test_it_warns_of_an_engine_without_a_key(
    settings: Any, engines: list[str], key: str, ids: list[str]
) -> None:
    settings.CLASSIFICATION_ENGINES = engines
    settings.OPENAI_API_KEY = key
    found = [message for message in checks.run_checks() if str(message.id).startswith("classification.")]
    assert [message.id for message in found] == ids
