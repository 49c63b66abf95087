"""A webhook that is closed, a channel with a token, and somebody who posts."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from batches.access import issue
from batches.models import Channel
from tests.batches.conftest import URL, sms

Ask = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def closed(settings: Any) -> None:
    settings.WEBHOOK_OPEN = False


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(slug="clinic")


@pytest.fixture
def secret(channel: Channel) -> str:
    return issue(channel)[1]


@pytest.fixture
def ask(client: Client) -> Ask:
    """Post one message to a URL, with headers as in `x_webhook_token="…"`."""

    def post(url: str = URL, guid: str = "g1", **headers: str) -> HttpResponse:
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        body = json.dumps(sms(guid))
        return client.post(url, body, content_type="application/json", **extra)  # type: ignore[return-value, arg-type]

    return post


def path(channel: str, token: str) -> str:
    return f"/api/webhook/{channel}/{token}"
