"""Verdicts to judge, and those who judge them: as users, and as browsers on the page of the queue."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from batches.models import Batch
from classification.models import Classification
from replies.senders import memory
from tests.batches.conftest import SENDER, arrive, browser, closed, done

PAGE = reverse("admin:batches_batch_review")
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}\u202etxt"
CONFIRMING, THANKING = "Thanks for confirming! See you soon.", "Thank you for replying."


@pytest.fixture(autouse=True)
def _no_sample(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.CLASSIFICATION_REVIEW_SAMPLE = 0.0


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana")


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


@pytest.fixture
def operator() -> Client:
    return browser("operator")


def answered(*results: Any, sender: str = SENDER) -> Batch:
    """A conversation that was read as agreement, and whose reply met these answers of the provider."""
    memory.next_results.extend(results)
    batch = done(closed("Yes", sender=sender))
    OrmQ.objects.all().delete()
    return batch


def verdict(batch: Batch) -> Classification:
    return batch.classifications.get()


def waiting(*texts: str, sender: str = SENDER, **fields: Any) -> Classification:
    """A verdict in the queue."""
    batch = arrive(*(texts or ("Yes",)), sender=sender)
    told = {"label": "agree", "engine": "rules", "latency_ms": 1, "review": "sample"} | fields
    return Classification.objects.create(batch=batch, **told)


def bodies(outbox: list[memory.Sms]) -> list[str]:
    return [sms.body for sms in outbox]


def html(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()
