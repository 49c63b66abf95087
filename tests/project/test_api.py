"""The API's description, and the page that shows it."""

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from batches import schema
from batches.inbound import smsmobileapi

WEBHOOK = "/api/webhook/sms-received"


@pytest.fixture
def description(client: Client) -> dict[str, Any]:
    answer = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    document: dict[str, Any] = json.loads(answer.content)
    return document


def test_it_tells_every_public_address(description: dict[str, Any]) -> None:
    assert {WEBHOOK, "/healthz", "/readyz"} <= set(description["paths"])
    assert not [path for path in description["paths"] if path.startswith("/admin") or path.endswith("/")]


def test_it_tells_every_field_with_its_meaning_and_limit(description: dict[str, Any]) -> None:
    message = description["components"]["schemas"]["InboundMessage"]
    assert set(message["properties"]) == set(smsmobileapi.InboundMessage.model_fields)
    assert all(field["description"] and field["examples"] for field in message["properties"].values())
    assert message["required"] == ["message", "number", "guid"]
    assert message["properties"]["guid"]["maxLength"] == 255


def test_its_limits_are_the_settings(description: dict[str, Any], settings: Any) -> None:
    assert description["components"]["schemas"]["MessageList"]["properties"]["messages"]["maxItems"] == 500
    assert (
        str(settings.WEBHOOK_MAX_BYTES)
        in description["paths"][WEBHOOK]["post"]["responses"]["413"]["description"]
    )


def test_its_examples_are_what_it_describes(description: dict[str, Any]) -> None:
    post = description["paths"][WEBHOOK]["post"]
    bodies = [post["requestBody"], *post["responses"].values()]
    checked = 0
    for content in (body["content"]["application/json"] for body in bodies):
        validator = Draft202012Validator(content["schema"] | {"components": description["components"]})
        for example in content.get("examples", {}).values():
            validator.validate(example["value"])
            checked += 1
    assert checked >= 9


@pytest.mark.django_db
def test_its_examples_of_requests_are_taken(client: Client, description: dict[str, Any]) -> None:
    examples = description["paths"][WEBHOOK]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        answer = client.post(WEBHOOK, example["value"], content_type="application/json")
        assert (answer.status_code, answer.json()["status"]) == (200, "success")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status", "described"),
    [
        ({"messages": [schema.MESSAGE, {}]}, 200, None),
        ({key: value for key, value in schema.MESSAGE.items() if key != "guid"}, 400, "NoGuid"),
        (b"{x", 400, None),
        ([schema.MESSAGE] * 501, 413, "TooManyMessages"),
    ],
)
def test_its_examples_of_answers_are_the_services(
    client: Client, description: dict[str, Any], body: Any, status: int, described: str | None
) -> None:
    answer = client.post(WEBHOOK, body, content_type="application/json")
    response = description["paths"][WEBHOOK]["post"]["responses"][str(status)]
    content = response["content"]["application/json"]
    Draft202012Validator(content["schema"] | {"components": description["components"]}).validate(
        answer.json()
    )
    assert answer.status_code == status
    if described:
        assert answer.json() == content["examples"][described]["value"]


def test_the_page_needs_no_other_server(client: Client) -> None:
    page = client.get("/api/docs/")
    script = client.get("/api/docs/?script=")
    assert (page.status_code, script.status_code) == (200, 200)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    files = [address.removeprefix("/static/") for address in addresses if address.startswith("/static/")]
    assert len(files) >= 3
    assert all(finders.find(file) for file in files)
    assert set(addresses) - {f"/static/{file}" for file in files} == {"/api/docs/?script="}
    assert "://" not in script.content.decode()
