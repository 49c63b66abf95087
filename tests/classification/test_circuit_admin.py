"""The page of circuits: to look at, and one thing to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from classification import circuit
from classification.clock import Now
from classification.models import Circuit
from classification.services import classify
from tests.classification.conftest import KEY
from tests.support.openai_server import OpenAIServer, http_error

LIST = reverse("admin:classification_circuit_changelist")


@pytest.fixture
def row(server: OpenAIServer) -> Circuit:
    """Open, after a wrong key."""
    server.next(http_error(401))
    classify(["Yes"])
    return Circuit.objects.get()


def _try_again(client: Client, row: Circuit) -> str:
    form = {"action": "try_again_now", "_selected_action": [str(row.pk)]}
    return client.post(LIST, form, follow=True).content.decode()


def _page(client: Client, row: Circuit) -> str:
    return client.get(reverse("admin:classification_circuit_change", args=[row.pk])).content.decode()


def test_it_tells_the_state_in_words(admin_client: Client, server: OpenAIServer, row: Circuit) -> None:
    for page in (admin_client.get(LIST).content.decode(), _page(admin_client, row)):
        assert "The model is not asked; rules decide." in page
        assert f"{row.opened_at:%Y-%m-%d %H:%M:%S} UTC" in page
        assert f"{row.next_try_at:%Y-%m-%d %H:%M:%S} UTC" in page
        assert "auth at " in page
        assert KEY not in page
    assert f"test-model at {server.url}" in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize("changed", [{"OPENAI_API_KEY": "sk-another"}, {"OPENAI_BREAKER_FAILURES": 0}])
def test_it_tells_that_nobody_uses_it(
    admin_client: Client, row: Circuit, settings: Any, changed: dict[str, Any]
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert "the settings no longer use it" in admin_client.get(LIST).content.decode()


def test_it_tells_that_the_wait_is_over(admin_client: Client, row: Circuit) -> None:
    Circuit.objects.update(next_try_at=Now() - timedelta(seconds=1))
    assert "The next conversation tries the model." in admin_client.get(LIST).content.decode()


def test_it_tells_that_somebody_is_trying(admin_client: Client, row: Circuit) -> None:
    Circuit.objects.update(state="half_open", probe="0" * 32)
    assert "One conversation is trying the model" in admin_client.get(LIST).content.decode()


def test_an_operator_has_the_model_tried_again(
    admin_client: Client, server: OpenAIServer, row: Circuit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="classification")
    assert "The next conversation asks the model." in _try_again(admin_client, row)
    assert Circuit.objects.get().state == "closed"
    assert "MODEL CIRCUIT CLOSED | Engine: openai | By: admin:admin" in caplog.messages
    assert [str(entry) for entry in LogEntry.objects.all()] == [
        "Changed “openai: test-model” — Closed: try again now"
    ]
    assert classify(["Yes"]).engine == "openai"


def test_it_says_so_when_there_is_nothing_to_do(admin_client: Client, row: Circuit) -> None:
    circuit.close(Circuit.objects.all(), "somebody else")
    assert "None of them was open." in _try_again(admin_client, row)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("permissions", "state"), [(["view"], "open"), (["view", "change"], "closed")])
def test_it_takes_the_permission_to_change(
    client: Client, row: Circuit, permissions: list[str], state: str
) -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    names = [f"{name}_circuit" for name in permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    assert client.get(LIST).status_code == 200
    _try_again(client, row)
    assert Circuit.objects.get().state == state


def test_nothing_can_be_edited(admin_client: Client, row: Circuit) -> None:
    address = reverse("admin:classification_circuit_change", args=[row.pk])
    assert admin_client.post(address, {"state": "closed"}).status_code == 403
    assert admin_client.post(reverse("admin:classification_circuit_add"), {}).status_code == 403
    deleted = admin_client.post(
        reverse("admin:classification_circuit_delete", args=[row.pk]), {"post": "yes"}
    )
    assert (deleted.status_code, Circuit.objects.get().state) == (403, "open")
