"""What the tests of batches share."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.clock import Now
from batches.closing import close_due
from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Batch, Channel
from batches.pipeline import process
from batches.views import channel_of
from replies.senders import memory
from tests.support.databases import ON_POSTGRES

# Archiving is for PostgreSQL; SQLite has one writer at a time, and cannot be interrupted.
FOR_POSTGRES = [
    "test_archive_batches.py",
    "test_archive_restore.py",
    "test_channels_apart.py",
    "test_deadline.py",
    "test_metrics_writers.py",
]
collect_ignore = [] if ON_POSTGRES else FOR_POSTGRES
Post = Callable[..., HttpResponse]
URL = "/api/webhook/sms-received"
SENDER = "+639171234567"


@pytest.fixture(autouse=True)
def _fresh_channels() -> Iterator[None]:
    """The view remembers channels for two seconds; rows of another test must not be among them."""
    channel_of.cache_clear()
    yield
    channel_of.cache_clear()


@pytest.fixture
def outbox(settings: Any) -> Iterator[list[memory.Sms]]:
    """What is sent, with replies switched on and the rules alone deciding."""
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.CLASSIFICATION_MODE = "rules"
    memory.reset()
    yield memory.outbox
    memory.reset()


@pytest.fixture
def channel(db: None) -> Channel:
    """The default one."""
    return Channel.objects.get_or_create(slug="default")[0]


@pytest.fixture
def own_spool(settings: Any, tmp_path: Path) -> None:
    """A spool of the test's own."""
    settings.SPOOL_PATH = tmp_path / "spool.sqlite3"


@pytest.fixture
def post(client: Client) -> Post:
    """Post a document (or raw bytes) to the webhook."""

    def _post(document: Any, url: str = URL, content_type: str = "application/json") -> HttpResponse:
        body = document if isinstance(document, bytes) else json.dumps(document)
        return client.post(url, body, content_type=content_type)  # type: ignore[return-value]

    return _post


def answer(response: Any) -> dict[str, Any]:
    """The document that the webhook answered with."""
    document: dict[str, Any] = json.loads(response.content)
    return document


def browser(role: str) -> Client:
    """Of somebody who has this role, and is signed in."""
    user = User.objects.create_user(f"a-{role}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


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


def close_all() -> int:
    """Close all that is due, whoever leads; says how many batches that were."""
    return sum(iter(close_due, 0))


def close(batch: Batch, seconds: float = 61) -> Batch:
    """Let the batch's window be over, and nobody else's."""
    age(batch, seconds)
    assert close_due() == 1
    return batch


def closed(*texts: str, sender: str = SENDER, seconds: float = 61) -> Batch:
    """Take texts in, and let their window be over."""
    return close(arrive(*texts, sender=sender), seconds)


def done(batch: Batch) -> Batch:
    """Have a worker process the batch; gives it as it is then."""
    process(batch.id, "worker")
    batch.refresh_from_db()
    return batch


def kinds(batch: Batch) -> list[str]:
    """The batch's history, in short."""
    return list(batch.events.order_by("id").values_list("kind", flat=True))


def statements_to_process(sender: str) -> int:
    """How many statements a worker needs for a conversation of one text."""
    batch = closed("Yes", sender=sender)
    with CaptureQueriesContext(connection) as captured:
        process(batch.id, "worker")
    return len(captured)
