"""A batch to answer, a history to write into, a provider that is a real server."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from batches.models import Batch, Channel
from replies import services
from replies.case import Terms
from replies.models import Reply, ReplyKind
from replies.senders import memory
from tests.support.smsmobileapi_server import SmsMobileApiServer

KEY = "s3cret/key+with=signs"
NUMBER = "+639171234567"


class History(list[tuple[str, dict[str, Any]]]):
    """A Recorder that keeps what it is told."""

    def __call__(self, kind: str, data: Mapping[str, Any]) -> None:
        self.append((kind, dict(data)))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self]


def make_batch() -> Batch:
    channel, _ = Channel.objects.get_or_create(slug="default")
    now = timezone.now()
    return Batch.objects.create(
        channel=channel,
        sender=NUMBER,
        sender_kind="number",
        status="processing",
        opened_at=now - timedelta(seconds=60),
        closes_at=now,
        message_count=3,
    )


def prepare(
    batch: Batch,
    record: services.Recorder,
    *,
    enabled: bool = True,
    terms: Terms | None = None,
    label: str = "agree",
    **more: Any,
) -> Reply:
    conversation = services.Conversation(
        batch.pk, batch.channel_id, NUMBER, terms=terms or Terms(enabled=enabled)
    )
    return services.prepare(conversation, label, record=record, **more)


def pending(batch: Batch, status: str = "pending") -> Reply:
    """A reply that nobody has begun to send."""
    return Reply.objects.create(
        batch=batch,
        kind=ReplyKind.AUTOMATIC,
        to=NUMBER,
        body="Thanks for confirming! See you soon.",
        segments=1,
        provider=settings.SMS_SENDER,
        status=status,
        idempotency_key=uuid4(),
        expires_at=timezone.now() + timedelta(seconds=settings.REPLY_EXPIRES_AFTER),
    )


def send(reply: Reply, history: History) -> Reply:
    return services.send_once(reply.pk, record=history)


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture(autouse=True)
def outbox() -> Iterator[list[memory.Sms]]:
    memory.reset()
    yield memory.outbox
    memory.reset()


@pytest.fixture
def batch(db: None) -> Batch:
    return make_batch()


@pytest.fixture
def reply(batch: Batch) -> Reply:
    """A pending reply."""
    return pending(batch)


@pytest.fixture
def interrupted(reply: Reply) -> Callable[[float], Reply]:
    """The reply as a process leaves it that dies in the call, its lease over since so many seconds."""

    def leave(seconds: float) -> Reply:
        until = timezone.now() - timedelta(seconds=seconds)
        reply.attempts.create(number=1)
        Reply.objects.filter(pk=reply.pk).update(status="sending", attempt_count=1, sending_until=until)
        return reply

    return leave


@pytest.fixture
def provider(settings: Any) -> Iterator[SmsMobileApiServer]:
    """SMSMobileAPI on loopback, with the settings to reach it."""
    with SmsMobileApiServer() as server:
        settings.SMS_SENDER = "smsmobileapi"
        settings.SMS_MOBILE_API_KEY = KEY
        settings.SMS_MOBILE_API_URL = server.url
        settings.SMS_TIMEOUT = 5
        yield server
