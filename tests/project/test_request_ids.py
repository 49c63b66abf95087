"""A proxy's request id stands in every log line of its request, and in no other's."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory

from smsconsolidator import request_ids
from smsconsolidator.handler import Handler
from smsconsolidator.logs import JsonFormatter, TextFormatter

# A request begins with a look at the database connection.
pytestmark = pytest.mark.django_db

RECORD = logging.LogRecord("batches", logging.INFO, "", 0, "DUPLICATE IGNORED | GUID: %(guid)s", None, None)
RECORD.args = {"guid": "a1"}


@pytest.fixture(autouse=True)
def _none_afterwards() -> Iterator[None]:
    yield
    request_ids.begin("")


def handle(**headers: str) -> None:
    """One request through the real handler, in this thread."""
    environ: dict[str, Any] = RequestFactory().get("/healthz", **headers).environ  # type: ignore[arg-type]
    Handler()(environ, lambda *_: None)


def test_a_line_of_a_request_names_it() -> None:
    handle(HTTP_X_REQUEST_ID="5e3f0a")
    assert TextFormatter().format(RECORD).endswith("DUPLICATE IGNORED | GUID: a1 | Request: 5e3f0a")
    assert json.loads(JsonFormatter().format(RECORD))["request_id"] == "5e3f0a"


def test_the_next_request_of_the_thread_has_none_of_it() -> None:
    handle(HTTP_X_REQUEST_ID="5e3f0a")
    handle()
    assert TextFormatter().format(RECORD).endswith("GUID: a1")
    assert "request_id" not in json.loads(JsonFormatter().format(RECORD))


@pytest.mark.parametrize("odd", ["", "a b", "a\nb", 'x" | Text: "y', "ä", "x" * 65])
def test_what_is_no_id_is_left_out(odd: str) -> None:
    handle(HTTP_X_REQUEST_ID=odd)
    assert request_ids.current() == ""
