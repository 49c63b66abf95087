"""Verdicts that another engine than was meant gave: counted by who decided and why, each as its row says."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from batches.metrics import figures
from batches.metrics.counting import begin
from classification import asking, circuit
from classification.decision import CEILING, CIRCUIT_OPEN, NO_KEY
from classification.engines.openai_errors import CODES
from classification.engines.openai_responses import FAILURES
from classification.models import Classification
from smsconsolidator.env import BASE_DIR
from tests.batches.test_metrics import PATIENCE, answered, look
from tests.support.engines import Broken
from tests.support.openai_server import OpenAIServer, http_error

NAME = "classification_fallbacks_total"
pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture
def server(settings: Any) -> Iterator[OpenAIServer]:
    """A model that is to decide, and answers every question with an error."""
    circuit.forget()
    with OpenAIServer() as running:
        settings.CLASSIFICATION_MODE = "llm_then_rules"
        settings.OPENAI_BASE_URL = running.url
        running.default = http_error(500)
        yield running
    circuit.forget()


def fallbacks(told: dict[str, float]) -> dict[str, float]:
    """Those that have happened, by engine and reason."""
    return {name.removeprefix(NAME): value for name, value in told.items() if name.startswith(NAME) and value}


def rows() -> dict[str, float]:
    """What the rows say of themselves, for people: "openai: server_error: HTTP 500"."""
    found = Classification.objects.exclude(fallback_reason="").values_list("engine", "fallback_reason")
    known = [(engine or "none", reason.split(": ")[1]) for engine, reason in found]
    return dict(Counter(f"{{engine={engine},reason={reason}}}" for engine, reason in known))


@pytest.mark.django_db(transaction=True)
def test_each_fallback_is_counted_by_who_decided_and_why(settings: Any, server: OpenAIServer) -> None:
    begin()
    settings.OPENAI_API_KEY = ""
    answered("Yes")
    answered("No", sender="+639171234568")
    settings.OPENAI_API_KEY = "sk-test-0123456789"
    answered("Yes", sender="+639171234569")
    settings.CLASSIFICATION_MODE = "rules"  # nobody else was to decide
    answered("Yes", sender="+639171234570")
    told = fallbacks(look())
    assert told == {"{engine=rules,reason=no_key}": 2, "{engine=rules,reason=server_error}": 1} == rows()
    assert fallbacks(look()) == told  # nothing twice
    with connection.cursor() as cursor:  # as rows that have left for an archive's file
        cursor.execute("UPDATE classification_classification SET fallback_reason = '', attempts = '[]'")
        cursor.execute("DELETE FROM batches_batchevent")
    assert fallbacks(look()) == told


@pytest.mark.django_db(transaction=True)
def test_a_reason_that_nobody_has_heard_of_makes_no_series_of_its_own(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(asking.ENGINES, "rules", Broken())
    settings.CLASSIFICATION_MODE = "rules"
    begin()
    answered("Yes")
    assert rows() == {"{engine=none,reason=broken}": 1}
    assert fallbacks(look()) == {"{engine=none,reason=other}": 1}


def test_every_reason_of_the_programs_own_is_known() -> None:
    """One that is new and not among them would be told as other."""
    engines = (BASE_DIR / "classification/engines").rglob("*.py")
    written = {code for file in engines for code in re.findall(r'EngineError\(\s*"(\w+)"', file.read_text())}
    codes = written | {code for _, code, _ in CODES} | set(FAILURES.values())
    assert len(written) > 3
    assert codes | {NO_KEY, CEILING, CIRCUIT_OPEN, asking.UNEXPECTED} == set(figures.FALLBACK_REASONS)


@pytest.mark.django_db(transaction=True)
def test_an_alert_can_see_the_first_one_come() -> None:
    """Each reason begins at 0: a series that appears with a 1 has not grown."""
    there = {name for name in look() if name.startswith(NAME)}
    assert there == {f"{NAME}{{engine=rules,reason={reason}}}" for reason in figures.FALLBACK_REASONS}
