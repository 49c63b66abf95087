"""The limits as they are in use; replies are kept instead of sent."""

from typing import Any

import pytest

from replies.senders import memory
from tests.batches.may_reply.states import LIMITS, setting


@pytest.fixture(autouse=True)
def _limits(settings: Any, outbox: list[memory.Sms]) -> None:
    setting(TEST_AGE=61, **LIMITS)(settings)
