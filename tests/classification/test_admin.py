from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.models import Batch
from classification import services
from classification.models import Classification
from tests.support.openai_server import OpenAIServer, http_error

LIST = reverse("admin:classification_classification_changelist")


@pytest.fixture
def row(server: OpenAIServer, batch: Batch) -> Classification:
    server.next(http_error(400, code="unknown_model"))
    return Classification.objects.get(id=services.record(batch.pk, services.classify(["hindi pwede"])))


def _page(row: Classification) -> str:
    return reverse("admin:classification_classification_change", args=[row.pk])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 1),
        ({"engine": "rules"}, 1),
        ({"engine": "openai"}, 0),
        ({"label": "disagree"}, 1),
        ({"label": "agree"}, 0),
        ({"created_at__year": "1999"}, 0),
        ({"q": "917123"}, 1),
        ({"q": "555"}, 0),
    ],
)
def test_it_lists_classifications(
    admin_client: Client, row: Classification, query: dict[str, str], count: int
) -> None:
    assert admin_client.get(LIST, query).context["cl"].result_list.count() == count


def test_it_tells_why(admin_client: Client, row: Classification) -> None:
    page = admin_client.get(_page(row)).content.decode()
    assert "“hindi pwede” in “hindi pwede”: disagree (tl.no)" in page


def test_it_tells_what_was_tried(admin_client: Client, row: Classification) -> None:
    page = admin_client.get(_page(row)).content.decode()
    assert "bad_request: HTTP 400 scripted unknown_model (request req-1)" in page


def test_it_shows_the_models_name_escaped(
    admin_client: Client, server: OpenAIServer, settings: Any, batch: Batch
) -> None:
    settings.OPENAI_MODEL = "<script>alert(1)</script>"
    row = Classification.objects.get(id=services.record(batch.pk, services.classify(["Yes"])))
    page = admin_client.get(_page(row)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_it_shows_what_a_model_left_behind(admin_client: Client, server: OpenAIServer, batch: Batch) -> None:
    row = Classification.objects.get(id=services.record(batch.pk, services.classify(["Yes"])))
    assert "req-1" in admin_client.get(_page(row)).content.decode()


def test_it_changes_nothing(admin_client: Client, row: Classification) -> None:
    answer = admin_client.post(_page(row), {"label": "agree"})
    assert (answer.status_code, Classification.objects.get().label) == (403, "disagree")


@pytest.mark.parametrize("action", ["add", "delete"])
def test_it_adds_and_deletes_nothing(admin_client: Client, row: Classification, action: str) -> None:
    arguments = [row.pk] if action == "delete" else []
    answer = admin_client.post(reverse(f"admin:classification_classification_{action}", args=arguments), {})
    assert (answer.status_code, Classification.objects.count()) == (403, 1)
