"""The limits as they are in use; replies are kept instead of sent."""

from collections.abc import Iterator
from typing import Any

import pytest

from replies.senders import memory
from tests.batches.may_reply.states import LIMITS, setting


@pytest.fixture(autouse=True)
def outbox(settings: Any) -> Iterator[list[memory.Sms]]:
    setting(SMS_AUTO_REPLY_ENABLED=True, CLASSIFICATION_MODE="rules", TEST_AGE=61, **LIMITS)(settings)
    memory.reset()
    yield memory.outbox
    memory.reset()
