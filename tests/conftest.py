"""What all tests share."""

from collections.abc import Iterator

import pytest

from batches import access, limits
from batches.detour import detour


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Tokens, failures and rates live in the process; those of another test must not be among them."""
    access.tokens.cache_clear()
    access._last_read.clear()
    access.failures.clear()
    limits.forget()
    yield
    detour.end_when(lambda: True)
    access.tokens.cache_clear()
