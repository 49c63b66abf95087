"""What all tests share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import TransactionTestCase

from batches import access, keywords, limits, terms
from batches.detour import detour
from classification import ceilings, prices, reviewing
from classification.rulesets import live
from tests.support import migrated


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A test that commits (`transaction=True`) is followed by the rows that the migrations left."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        migrated.keep()
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: migrated.put_back())
        yield

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
