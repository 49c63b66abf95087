"""Settings that would break the promises are refused at the start."""

from typing import Any

import pytest
from django.core import checks


def _ids() -> set[str | None]:
    return {found.id for found in checks.run_checks() if str(found.id).startswith("batches.")}


def test_the_defaults_are_in_order(settings: Any) -> None:
    settings.WEBHOOK_OPEN = False
    assert _ids() == set()


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"OPENAI_DEADLINE": 30, "SMS_TIMEOUT": 10}, False),
        ({"OPENAI_DEADLINE": 30, "SMS_TIMEOUT": 15}, True),  # 45 s: not less than a task may take
        ({"OPENAI_DEADLINE": 30, "SMS_TIMEOUT": 15, "OPENAI_TIMEOUT": 1}, True),  # tries are not what counts
        ({"OPENAI_DEADLINE": 10, "OPENAI_TIMEOUT": 20}, False),
        ({"BATCH_LEASE_SECONDS": 45}, True),
        ({"SMS_TIMEOUT": 20, "BATCH_LEASE_SECONDS": 40, "TASK_TIMEOUT": 39}, True),
    ],
)
def test_every_time_out_is_less_than_the_next(
    settings: Any, changes: dict[str, float], refused: bool
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ("batches.E002" in _ids()) == refused


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "SMS_MOBILE_API_URL", "SMS_GATE_URL"])
@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://api.example.org/v1", True),
        ("http://8.8.8.8:8080/", True),
        ("http://[2606:4700::1111]/", True),
        ("HTTP://API.EXAMPLE.ORG./v1", True),
        ("https://api.example.org/v1", False),
        ("", False),
        ("http://127.0.0.1:8080/message", False),
        ("http://localhost:11434/v1", False),
        ("http://[::1]:8080/", False),
        ("http://192.168.1.20:8080/message", False),
        ("http://10.0.0.7/", False),
        ("http://169.254.3.4/", False),
        ("http://[fe80::1%25wlan0]/", False),
        ("http://[fd00::7]/", False),
        ("http://phone.local:8080/", False),
        ("http://ollama:11434/v1", False),
    ],
)
def test_it_warns_of_what_crosses_the_internet_in_clear(
    settings: Any, name: str, url: str, warned: bool
) -> None:
    setattr(settings, name, url)
    found = [message.msg for message in checks.run_checks() if message.id == "batches.W006"]
    assert [message.split()[0] for message in found] == ([name] if warned else [])
