"""What it costs those who work."""

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from classification.services import classify
from tests.support.openai_server import OpenAIServer


def test_it_costs_a_busy_worker_one_query_a_second(server: OpenAIServer) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            classify(["Yes"])
    assert [query["sql"].split()[0] for query in queries.captured_queries] == ["SELECT"]


def test_it_costs_the_rules_nothing(server: OpenAIServer, settings: Any) -> None:
    settings.CLASSIFICATION_MODE = "rules"
    with CaptureQueriesContext(connection) as queries:
        classify(["Yes"])
    assert len(queries) == 0


def test_it_costs_nothing_without_a_key(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    with CaptureQueriesContext(connection) as queries:
        classify(["Yes"])
    assert len(queries) == 0


def test_it_stands_in_nobodys_way_when_its_row_cannot_be_read(
    server: OpenAIServer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(broken):
        decision = classify(["Yes"])
    assert (decision.label, decision.engine, len(server.requests)) == ("agree", "openai", 1)
    assert "circuit cannot be read" in caplog.text
