"""The server that other tests rely on, started as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from classification.services import classify
from tests.support.openai_protocols import PATHS


@pytest.fixture
def url() -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "tests.support.openai_server",
        "--label",
        "disagree",
        "--script",
        "429,agree",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.mark.django_db
def test_it_serves_its_script_and_then_its_label(url: str, settings: Any) -> None:
    settings.CLASSIFICATION_MODE = "llm_then_rules"
    settings.OPENAI_API_KEY = "sk-1"
    settings.OPENAI_BREAKER_FAILURES = 0
    settings.OPENAI_BASE_URL = url
    decisions = []
    for settings.OPENAI_KIND in PATHS:
        decisions.append(classify(["zxqv"]))
    assert [decision.engine for decision in decisions] == ["rules", "openai", "openai"]
    assert [decision.label for decision in decisions] == ["neutral", "agree", "disagree"]
    seen = requests.get(f"{url}/requests", timeout=5).json()
    assert [request["path"] for request in seen] == list(PATHS.values())
