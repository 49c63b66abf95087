"""What a verdict cost, by the price table."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.models import Batch
from classification import prices
from classification.decision import EngineAttempt
from classification.models import Classification, Price
from classification.prices import cost
from classification.services import classify, record
from tests.support.openai_server import OpenAIServer, answer, http_error, truncated

pytestmark = pytest.mark.django_db

LUNA = "gpt-5.6-luna"


def asked(model: str, received: int | None = 1_000_000, written: int | None = 100_000) -> EngineAttempt:
    return EngineAttempt("openai", model, input_tokens=received, output_tokens=written)


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        (LUNA, "0.32"),
        (f"{LUNA}-2026-10-06", "0.32"),
        (f"{LUNA}-20261006", "0.32"),
        ("gpt-6-luna", "0.10"),
        (f"{LUNA}-pro", None),  # another model, not a date
        (f"{LUNA}-2026-10-06-pro", None),
        ("gpt-5.6", None),
        ("", None),
    ],
)
def test_a_model_and_its_dated_variants_have_a_price(model: str, dollars: str | None) -> None:
    assert cost([asked(model)]) == (Decimal(dollars) if dollars else None)


def test_a_dated_variant_may_have_a_price_of_its_own() -> None:
    Price.objects.create(model=f"{LUNA}-2026-10-06", input_per_million=1, output_per_million=0)
    assert cost([asked(f"{LUNA}-2026-10-06")]) == 1


@pytest.mark.parametrize(
    ("attempts", "dollars"),
    [
        ([], None),
        ([EngineAttempt("rules")], None),
        ([asked(LUNA), EngineAttempt("rules")], "0.32"),
        ([asked(LUNA), asked("gpt-6-luna")], "0.42"),
        ([asked(LUNA), asked("nobody's")], None),  # half a sum would be a wrong one
        ([asked(LUNA, None, None)], None),
        ([asked(LUNA, 1_000_000, None)], "0.20"),
    ],
)
def test_it_adds_what_was_billed(attempts: list[EngineAttempt], dollars: str | None) -> None:
    assert cost(attempts) == (Decimal(dollars) if dollars else None)


def test_it_reads_the_table_once_a_minute() -> None:
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            cost([asked(LUNA)])
    assert len(captured) == 1


def test_it_stands_in_nobodys_way_when_the_table_cannot_be_read(
    server: OpenAIServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise DatabaseError("gone")

    prices.table.cache_clear()
    settings.OPENAI_MODEL = LUNA
    with connection.execute_wrapper(broken):
        decision = classify(["Opo"])
    assert (decision.label, decision.cost) == ("agree", None)
    assert "The prices cannot be read: DatabaseError" in caplog.text
    assert classify(["Opo"]).cost == Decimal("0.0000564")


@pytest.mark.parametrize(
    ("script", "dollars"),
    [(answer("agree"), "0.00005640"), (truncated(), "0.00005640"), (http_error(400), None)],
)
def test_it_is_recorded_with_the_verdict(
    server: OpenAIServer, settings: Any, batch: Batch, script: Any, dollars: str | None
) -> None:
    """210 tokens in and 12 out, whatever became of them."""
    settings.OPENAI_MODEL = LUNA
    server.next(script)
    row = Classification.objects.get(id=record(batch.pk, classify(["Opo"])))
    assert row.cost == (Decimal(dollars) if dollars else None)


def test_migrating_adds_missing_prices_and_leaves_those_that_are_there() -> None:
    Price.objects.filter(model=LUNA).update(input_per_million=7)
    Price.objects.filter(model="gpt-6-luna").delete()
    call_command("migrate", verbosity=0)
    found = dict(Price.objects.values_list("model", "input_per_million"))
    assert found == {LUNA: Decimal(7), "gpt-6-luna": Decimal("0.1")}


# --- the admin --------------------------------------------------------------------------------------------


def user(client: Client, role: str) -> Client:
    who = User.objects.create_user(role, is_staff=True)
    who.groups.add(Group.objects.get(name=role))
    client.force_login(who)
    return client


def test_a_supervisor_sets_a_price_and_it_holds_at_once(client: Client) -> None:
    assert cost([asked(LUNA)]) == Decimal("0.32")
    row = Price.objects.get(model=LUNA)
    form = {"model": "renamed", "input_per_million": "3", "output_per_million": "0"}
    answered = user(client, "supervisor").post(
        reverse("admin:classification_price_change", args=[row.pk]), form
    )
    row.refresh_from_db()
    assert (answered.status_code, row.model) == (302, LUNA)
    assert cost([asked(LUNA)]) == 3


def test_a_supervisor_adds_and_removes_a_model(client: Client) -> None:
    form = {"model": "llama", "input_per_million": "0", "output_per_million": "0"}
    user(client, "supervisor").post(reverse("admin:classification_price_add"), form)
    assert cost([asked("llama")]) == 0
    row = Price.objects.get(model="llama")
    client.post(reverse("admin:classification_price_delete", args=[row.pk]), {"post": "yes"})
    assert cost([asked("llama")]) is None


@pytest.mark.parametrize("name", [LUNA, LUNA.upper()])
def test_capitals_make_no_second_price(client: Client, name: str) -> None:
    form = {"model": name, "input_per_million": "1", "output_per_million": "0"}
    answered = user(client, "supervisor").post(reverse("admin:classification_price_add"), form)
    assert f"There is a price for “{LUNA}” already" in answered.content.decode()
    assert Price.objects.filter(model__iexact=LUNA).count() == 1


def test_no_price_is_negative(client: Client) -> None:
    form = {"model": "llama", "input_per_million": "-1", "output_per_million": "0"}
    answered = user(client, "supervisor").post(reverse("admin:classification_price_add"), form)
    assert (answered.status_code, Price.objects.filter(model="llama").exists()) == (200, False)


def test_an_operator_sees_no_prices(client: Client) -> None:
    page = user(client, "operator").get(reverse("admin:classification_price_changelist"))
    assert page.status_code == 403
