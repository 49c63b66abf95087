"""What all tests share."""

from collections.abc import Iterator

import pytest

from batches import access, keywords, limits, terms
from batches.detour import detour
from classification import ceilings, prices, reviewing
from classification.rulesets import live


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Tokens, failures, rates, keywords and the rule set live in the process; another test's must not be among them."""
    access.tokens.cache_clear()
    access._last_read.clear()
    reviewing.about.cache_clear()
    access.failures.clear()
    limits.forget()
    keywords.forget()
    terms.forget()
    ceilings.forget()
    live.forget()
    prices.forget()
    yield
    detour.end_when(lambda: True)
    access.tokens.cache_clear()
