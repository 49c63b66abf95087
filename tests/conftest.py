"""What all tests share."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import pytest
from django.test import TransactionTestCase

from batches import access, keywords, terms
from batches.detour import detour
from batches.spool import Spool, SpoolUnavailable, here
from classification import believed, ceilings, circuit, prices, reviewing
from classification.rulesets import live
from replies import choosing
from tests.scheduling import SYSTEM, Scheduling
from tests.support import migrated, rates


@pytest.fixture(scope="session")
def _giving_way() -> None:
    """What computes gives way to the tests with running systems in another process; in each they came before."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.nice(5)


@pytest.fixture(autouse=True)
def _who_gives_way(request: pytest.FixtureRequest) -> None:
    """All but the tests with running systems, which have deadlines."""
    if not request.node.nodeid.startswith(SYSTEM):
        request.getfixturevalue("_giving_way")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """In the order in which they were collected: what waits goes first (see tests/system)."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A test that commits (`transaction=True`) is followed by the rows that the migrations left."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        migrated.keep()
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: migrated.put_back())
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """A delivery of this test that a slow moment sent by the spool must not be stored in the middle of the next one."""
    with suppress(SpoolUnavailable):  # where the test made it so, nothing can be drained either
        _forget_what_waits(here())


def _forget_what_waits(spool: Spool) -> None:
    for _ in range(100 if spool.path.exists() else 0):
        with spool.draining() as ours:  # whoever drains just now finishes before the test's rows go
            if ours:
                spool.forget(spool.first(10_000))
                return
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Tokens, failures, rates, keywords and the rule set live in the process; another test's must not be among them."""
    access.tokens.cache_clear()
    access._last_read.clear()
    reviewing.about.cache_clear()
    access.failures.clear()
    rates.begin_anew()
    keywords.live.cache_clear()
    terms.own_numbers.cache_clear()
    ceilings.live.cache_clear()
    live.live.cache_clear()
    choosing.live.cache_clear()
    prices.table.cache_clear()
    yield
    detour.end_when(lambda: True)
    access.tokens.cache_clear()


@pytest.fixture(autouse=True)
def _believed_for_the_whole_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is believed for a second or two must not be read anew where a slow moment falls between two counts."""
    began = time.monotonic()
    monkeypatch.setattr(believed, "monotonic", lambda: began)
    monkeypatch.setattr(circuit, "monotonic", lambda: began)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was posted by tests/fuzz, and what was answered."""
    totals = {"posted": Counter[str](), "answered": Counter[str]()}
    for report in chain.from_iterable(terminalreporter.stats.values()):
        for name, counts in getattr(report, "user_properties", []):
            if name in totals:
                totals[name].update({str(key): count for key, count in counts.items()})
    posted, answered = totals["posted"], totals["answered"]
    if posted:
        terminalreporter.section("fuzzing")
        for name, count in posted.items():
            terminalreporter.line(f"{count:>7,} {name}")
        answers = ", ".join(f"{count:,} answered {status}" for status, count in sorted(answered.items()))
        terminalreporter.line(f"{posted.total():>7,} inputs in all: {answers}")
