"""What the webhook refuses: it says so to the client and to the log, and keeps it."""

import json
import logging
from typing import Any

import pytest
from django.test import Client

from batches.models import Message, RejectedDelivery
from smsconsolidator.logs import JsonFormatter, TextFormatter
from tests.batches.conftest import SENDER, URL, Post, answer, sms

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("broken", "field", "reason"),
    [
        ({"guid": None}, "guid", "valid string"),
        ({"guid": 7}, "guid", "valid string"),
        ({"guid": "  "}, "guid", "must not be blank"),
        ({"guid": "g" * 256}, "guid", "at most 255 characters"),
        ({"number": ""}, "number", "must not be blank"),
        ({"number": ["+63"]}, "number", "valid string"),
        ({"message": {}}, "message", "valid string"),
        ({"time_received": 5}, "time_received", "valid string"),
    ],
)
def test_it_names_the_field_and_the_reason(
    post: Post, broken: dict[str, Any], field: str, reason: str
) -> None:
    response = post(sms() | broken)
    error = answer(response)["errors"][0]
    assert (response.status_code, error["index"], error["field"]) == (400, 0, field)
    assert reason in error["reason"]


@pytest.mark.parametrize("field", ["guid", "number", "message"])
def test_it_names_a_missing_field(post: Post, field: str) -> None:
    document = sms()
    del document[field]
    response = post(document)
    assert response.status_code == 400
    assert answer(response)["errors"] == [{"index": 0, "field": field, "reason": "Field required"}]


def test_it_stores_the_good_ones_and_reports_the_bad_by_index(post: Post) -> None:
    response = post({"messages": [sms("a"), {"number": SENDER}, sms("b"), "text"]})
    document = answer(response)
    assert response.status_code == 200
    assert (document["processed"], document["rejected"], document["message_count"]) == (2, 2, 4)
    assert {error["index"] for error in document["errors"]} == {1, 3}
    assert set(Message.objects.values_list("provider_message_id", flat=True)) == {"a", "b"}


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_it_tells_the_log_of_many_bad_ones_in_a_line_that_reaches_a_pipe_in_one_piece(
    post: Post, caplog: pytest.LogCaptureFixture, formatter: logging.Formatter
) -> None:
    post([sms(guid="", number="x" * 300) for _ in range(499)] + [sms()])
    [record] = [record for record in caplog.records if record.getMessage().startswith("REFUSED")]
    line = formatter.format(record)
    assert len(line.encode()) < 4096
    assert "Messages: 499 of 500 | First errors: [{'index': 0, 'field': 'number'," in line
    assert "characters)" not in line


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"[]x", "REFUSED | the body is not JSON: Extra data: line 1 column 3 (char 2)"),
        (b'{"messages": 5}', "REFUSED | messages must be a list of messages"),
        (
            b"[5]",
            "REFUSED | Messages: 1 of 1 | First errors: "
            "[{'index': 0, 'field': '', 'reason': 'Input should be a JSON object'}]",
        ),
    ],
)
def test_the_log_tells_once_what_was_refused(
    post: Post, caplog: pytest.LogCaptureFixture, body: bytes, line: str
) -> None:
    assert post(body).status_code == 400
    assert caplog.messages == [line]


def test_the_log_tells_of_other_wrong_requests_in_djangos_words(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.put(URL).status_code == 405
    assert caplog.messages == [f"Method Not Allowed: {URL}"]


def test_it_refuses_a_list_of_nothing_but_bad_ones(post: Post) -> None:
    response = post({"messages": [{}, 5]})
    assert (response.status_code, answer(response)["status"]) == (400, "error")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b"{", "not JSON"),
        (b'{"guid": NaN}', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"text"', "object or a list"),
        (b'{"messages": {}}', "must be a list"),
    ],
)
def test_it_refuses_what_it_cannot_read(post: Post, body: bytes, reason: str) -> None:
    response = post(body)
    assert response.status_code == 400
    assert reason in answer(response)["message"]


def test_it_refuses_another_content_type(post: Post) -> None:
    response = post(b"guid=1", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert "application/json" in answer(response)["message"]


def test_it_refuses_a_body_that_is_too_large(post: Post, settings: Any) -> None:
    settings.WEBHOOK_MAX_BYTES = 1024
    response = post(sms(text="x" * 2000))
    assert response.status_code == 413
    assert "1024 bytes" in answer(response)["message"]


def test_it_refuses_too_many_messages(post: Post, settings: Any) -> None:
    settings.WEBHOOK_MAX_MESSAGES = 2
    response = post([sms(str(number)) for number in range(3)])
    assert response.status_code == 413
    assert answer(response)["errors"][0]["field"] == "messages"


def test_it_refuses_another_method_in_json(client: Client) -> None:
    response = client.put(URL)
    assert (response.status_code, response["Content-Type"]) == (405, "application/json")


def test_it_keeps_what_it_refused(post: Post) -> None:
    post(b"{broken")
    post({"messages": [sms("a"), {"number": SENDER}]})
    whole, part = RejectedDelivery.objects.order_by("id")
    assert (whole.http_status, whole.body) == (400, "{broken")
    assert (part.http_status, json.loads(part.body)) == (200, [{"number": SENDER}])
    assert part.errors[0]["index"] == 1


def test_it_keeps_no_more_refusals_than_the_setting_says(post: Post, settings: Any) -> None:
    settings.REJECTED_KEEP_ROWS = 3
    for number in range(5):
        post(f"broken {number}".encode())
    assert [row.body for row in RejectedDelivery.objects.order_by("id")] == [
        "broken 2",
        "broken 3",
        "broken 4",
    ]


def test_it_cuts_what_it_keeps(post: Post) -> None:
    post(b"x" * 500_000)
    row = RejectedDelivery.objects.get()
    assert (row.size, len(row.body)) == (500_000, 16_384)


def test_it_keeps_what_a_gateway_posts_as_a_form(client: Client) -> None:
    form = b"number=%2B639171234567&message=Yes"
    client.post(URL, form, "application/x-www-form-urlencoded")
    row = RejectedDelivery.objects.get()
    assert (row.http_status, row.size, row.body) == (415, len(form), form.decode())


def test_it_keeps_no_more_of_a_form_than_of_others(client: Client) -> None:
    client.post(URL, b"x" * 500_000, "text/plain")
    row = RejectedDelivery.objects.get()
    assert (row.size, len(row.body)) == (500_000, 16_384)


def test_it_keeps_the_beginning_of_what_is_too_large(post: Post, settings: Any) -> None:
    settings.WEBHOOK_MAX_BYTES = 1024
    post(b"[" + b" " * 2000 + b"]")
    row = RejectedDelivery.objects.get()
    assert (row.http_status, row.size, row.body) == (413, 2002, "[" + " " * 1024)
