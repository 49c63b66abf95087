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
