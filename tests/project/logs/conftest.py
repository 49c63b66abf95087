"""Loggers whose output is kept."""

import io
import json
import logging
from typing import Any

import pytest

from smsconsolidator.logs import JsonFormatter, TextFormatter

SECRET = 'sk-very"secret-key'
Formatter = TextFormatter | JsonFormatter
TEMPLATE = 'SMS RECEIVED | From: %(sender)s | GUID: %(guid)s | Text: "%(text)s"'
MESSAGE = {"sender": "+639171234567", "guid": "msg-001", "text": "Yes"}


class Capture:
    """A real logger with a real handler, whose output is kept."""

    def __init__(self, formatter: Formatter) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter)
        self.log = logging.Logger("batches.ingest", logging.INFO)
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().split("\n")[:-1]

    @property
    def fields(self) -> dict[str, Any]:
        assert len(self.lines) == 1
        return dict(json.loads(self.lines[0]))


@pytest.fixture
def plain() -> Capture:
    return Capture(TextFormatter(secrets=[SECRET]))


@pytest.fixture
def masked() -> Capture:
    return Capture(TextFormatter(mask=True, secrets=[SECRET]))


@pytest.fixture
def machine() -> Capture:
    return Capture(JsonFormatter(secrets=[SECRET]))


@pytest.fixture(params=["plain", "masked", "machine"])
def any_log(request: pytest.FixtureRequest) -> Capture:
    log: Capture = request.getfixturevalue(request.param)
    return log
