"""Tokens while the database is away."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from batches.access import tokens
from tests.batches.webhook_access.conftest import path

pytestmark = pytest.mark.django_db


class TestDatabaseAway:
    @pytest.fixture
    def away(self) -> Iterator[Any]:
        def fail(*_: Any) -> None:
            raise OperationalError("the database is away")

        with connection.execute_wrapper(fail):
            yield

    def test_it_knows_the_tokens_that_it_has_read(
        self, client: Client, secret: str, request: pytest.FixtureRequest
    ) -> None:
        assert client.get(path("clinic", secret)).status_code == 200
        tokens.cache_clear()
        request.getfixturevalue("away")
        assert client.get(path("clinic", secret)).status_code == 200
        assert client.get(path("clinic", "wrong")).status_code == 404

    def test_it_lets_the_provider_try_again_when_it_has_read_none(
        self, client: Client, secret: str, request: pytest.FixtureRequest
    ) -> None:
        request.getfixturevalue("away")
        answer = client.get(path("clinic", secret))
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")

    def test_it_does_not_refuse_because_a_use_cannot_be_noted(self, client: Client, secret: str) -> None:
        tokens()

        def no_update(execute: Any, sql: str, *rest: Any) -> Any:
            if sql.startswith("UPDATE"):
                raise OperationalError("read-only")
            return execute(sql, *rest)

        with connection.execute_wrapper(no_update):
            assert client.get(path("clinic", secret)).status_code == 200
