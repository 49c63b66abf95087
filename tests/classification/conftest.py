"""A batch to classify, and a real server that speaks OpenAI's protocol."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batches.models import Batch, Channel
from classification import circuit, prices
from classification.corrections import correct
from classification.models import Classification, Correction
from classification.rulesets.live import live
from tests.support.openai_server import OpenAIServer

KEY = "sk-test-0123456789"


@pytest.fixture(autouse=True)
def _nothing_read() -> Iterator[None]:
    """A process remembers circuits and prices for a while; rows of another test must not be among them."""
    circuit.forget()
    prices.table.cache_clear()
    yield
    circuit.forget()
    prices.table.cache_clear()


@pytest.fixture
def server(settings: Any, db: None) -> Iterator[OpenAIServer]:
    """The settings point at it."""
    with OpenAIServer() as running:
        settings.CLASSIFICATION_MODE = "llm_then_rules"
        settings.CLASSIFICATION_REVIEW_SAMPLE = 0
        settings.OPENAI_API_KEY = KEY
        settings.OPENAI_BASE_URL = running.url
        settings.OPENAI_MODEL = "test-model"
        settings.OPENAI_TIMEOUT = 5
        live()  # known, as in any process that is at work
        prices.table()
        yield running


@pytest.fixture(params=["chat", "responses", "decisions"])
def kind(request: pytest.FixtureRequest, settings: Any) -> str:
    """The protocol, each in turn."""
    name = str(request.param)
    settings.OPENAI_KIND = name
    return name


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana")


@pytest.fixture
def ben(db: None) -> User:
    return User.objects.create_user("ben")


def judge(verdict: Classification, reviewer: User, label: str) -> Correction:
    """What a person says of a verdict on just what its batch holds."""
    return correct(verdict, reviewer, label, list(verdict.batch.messages.values_list("text", flat=True)))


@pytest.fixture
def batch(db: None) -> Batch:
    channel, _ = Channel.objects.get_or_create(slug="default")
    now = timezone.now()
    return Batch.objects.create(
        channel=channel,
        sender="+639171234567",
        sender_kind="number",
        status="processing",
        opened_at=now - timedelta(seconds=60),
        closes_at=now,
        message_count=1,
    )
