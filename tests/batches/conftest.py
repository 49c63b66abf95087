"""What the tests of batches share."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from batches.clock import Now
from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Batch, Channel
from batches.views import channel_of

ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
# Archiving is for PostgreSQL, and SQLite has one writer at a time.
collect_ignore = [] if ON_POSTGRES else ["test_archive_batches.py", "test_metrics_writers.py"]
URL = "/api/webhook/sms-received"
SENDER = "+639171234567"


@pytest.fixture(autouse=True)
def _fresh_channels() -> Iterator[None]:
    """The view remembers channels for two seconds; rows of another test must not be among them."""
    channel_of.cache_clear()
    yield
    channel_of.cache_clear()


@pytest.fixture
def post(client: Client) -> Callable[..., HttpResponse]:
    """Post a document (or raw bytes) to the webhook."""

    def _post(document: Any, url: str = URL, content_type: str = "application/json") -> HttpResponse:
        body = document if isinstance(document, bytes) else json.dumps(document)
        return client.post(url, body, content_type=content_type)  # type: ignore[return-value]

    return _post


def sms(guid: str = "g1", text: str = "Yes", number: str = SENDER, **fields: Any) -> dict[str, Any]:
    """One message as the provider posts it."""
    return {
        "date": "2025-01-20",
        "hour": "10:15:00",
        "time_received": "2025-01-20 10:14:50",
        "message": text,
        "number": number,
        "guid": guid,
    } | fields


_guids = count(1)


def arrive(*texts: str, sender: str = SENDER) -> Batch:
    """Take texts in as the webhook does; gives the sender's newest batch."""
    channel = Channel.objects.get_or_create(slug="default")[0]
    messages = [InboundSms(f"guid-{next(_guids)}", sender, text, None, "", "{}") for text in texts]
    ingest(channel, messages)
    return Batch.objects.filter(messages__provider_message_id=messages[0].provider_message_id).get()


def age(batch: Batch, seconds: float) -> None:
    """Let so much time have passed since the batch was opened."""
    past = Now() - timedelta(seconds=seconds)
    window = batch.closes_at - batch.opened_at
    Batch.objects.filter(id=batch.id).update(opened_at=past, closes_at=past + window)


def kinds(batch: Batch) -> list[str]:
    """The batch's history, in short."""
    return list(batch.events.order_by("id").values_list("kind", flat=True))
