"""The webhook's contract, as a client sees it."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.models import Batch, Message
from tests.batches.conftest import SENDER, URL, Post, answer, sms

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_it_says_that_it_is_there(client: Client, url: str) -> None:
    response = client.get(url)
    document = answer(response)
    assert (response.status_code, document["status"]) == (200, "ok")
    assert datetime.fromisoformat(document["timestamp"]).utcoffset() is not None


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_it_takes_one_message(post: Post, url: str) -> None:
    response = post(sms(), url=url)
    assert response.status_code == 200
    assert answer(response) == {
        "status": "success",
        "message": "Processed 1 message, skipped 0 duplicates",
        "processed": 1,
        "skipped": 0,
        "message_count": 1,
    }
    assert Message.objects.get().batch.sender == SENDER


def test_it_takes_a_list_and_counts_duplicates(post: Post) -> None:
    messages = [sms(f"g{number}") for number in (1, 2, 3)]
    document = answer(post({"messages": [*messages, sms("g2")]}))
    assert document["message"] == "Processed 3 messages, skipped 1 duplicate"
    assert (document["processed"], document["skipped"], document["message_count"]) == (3, 1, 4)


def test_it_takes_a_bare_list(post: Post) -> None:
    assert answer(post([sms("a"), sms("b")]))["processed"] == 2


@pytest.mark.parametrize("document", [{"messages": []}, []])
def test_it_answers_an_empty_list_with_zeros(post: Post, document: Any) -> None:
    response = post(document)
    body = answer(response)
    assert response.status_code == 200
    assert (body["processed"], body["skipped"], body["message_count"]) == (0, 0, 0)


def test_it_needs_no_more_than_guid_number_and_text(post: Post) -> None:
    assert answer(post({"guid": "g", "number": SENDER, "message": "Yes"}))["processed"] == 1


def test_it_ignores_a_repeated_guid_and_counts_it(post: Post) -> None:
    post(sms("g1", "Yes"))
    assert answer(post(sms("g1", "Yes again")))["skipped"] == 1
    message = Message.objects.get()
    assert (message.text, message.repeats, message.batch.message_count) == ("Yes", 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Opo 👍🏽",
        "a\tb\r\nc\x07",
        "\u202eabc\u200b",
        "ñ ₱ 10 " * 200,
        "مرحبا",
        "<b>{{ 7*7 }}</b>",
        "=cmd|' /C calc'!A0",
    ],
)
def test_it_stores_a_text_faithfully(post: Post, text: str) -> None:
    assert answer(post(sms(text=text)))["processed"] == 1
    assert Message.objects.get().text == text


def test_it_makes_visible_what_a_database_cannot_hold(post: Post) -> None:
    body = json.dumps(sms(guid="g\0", text="a\0LONE")).replace("LONE", "\\ud800")
    assert answer(post(body.encode()))["processed"] == 1
    message = Message.objects.get()
    assert message.provider_message_id.startswith("g\\u0000#")
    assert message.text == "a\u2400\ufffd"
    assert "\\u0000" in message.payload


def test_it_keeps_the_providers_time_raw_and_parsed(post: Post) -> None:
    post(sms("a"))
    post(sms("b", time_received="yesterday", date="", hour="ten"))
    parsed, unread = Message.objects.order_by("id")
    assert parsed.sent_at is not None
    assert parsed.sent_at.isoformat() == "2025-01-20T02:14:50+00:00"  # Manila is eight hours ahead of UTC
    assert (unread.sent_at, unread.sent_at_raw) == (None, "yesterday")


@pytest.mark.parametrize(
    ("told", "read", "kept"),
    [
        ({"time_received": "20/01/2025 10:14"}, True, "20/01/2025 10:14"),
        ({"time_received": "   "}, True, "2025-01-20 10:15:00"),
        ({"time_received": None}, True, "2025-01-20 10:15:00"),
        ({"time_received": "20/01/2025 10:14", "date": "20/01/2025"}, False, "20/01/2025 10:14"),
        ({"time_received": " ", "date": "20/01/2025"}, False, "20/01/2025 10:15:00"),
        ({"time_received": "", "date": None, "hour": None}, False, ""),
        ({"time_received": None, "date": "d" * 255, "hour": "h" * 255}, False, "d" * 255),
    ],
)
def test_where_its_time_cannot_be_read_date_and_hour_are(
    post: Post, told: dict[str, Any], read: bool, kept: str
) -> None:
    assert answer(post(sms(**told)))["processed"] == 1
    message = Message.objects.get()
    assert message.sent_at_raw == kept
    assert (message.sent_at and message.sent_at.isoformat()) == (
        "2025-01-20T02:15:00+00:00" if read else None
    )


def test_it_merges_the_spellings_of_one_number(post: Post) -> None:
    post([sms("a", number="09171234567"), sms("b", number="639171234567"), sms("c", number=SENDER)])
    assert Batch.objects.get().message_count == 3
    assert set(Message.objects.values_list("sender_raw", flat=True)) == {
        "09171234567",
        "639171234567",
        SENDER,
    }


def statements(captured: CaptureQueriesContext) -> int:
    """How many there were, without those of the transaction."""
    queries = [query["sql"] for query in captured.captured_queries]
    return sum(not query.startswith(("SAVEPOINT", "RELEASE")) for query in queries)


def test_it_costs_three_statements_at_most(post: Post, django_assert_max_num_queries: Any) -> None:
    post(sms("first"))
    with django_assert_max_num_queries(5) as captured:
        post(sms("second"))
    assert 1 <= statements(captured) <= 3


def test_it_costs_three_statements_for_a_long_list_too(
    post: Post, django_assert_max_num_queries: Any
) -> None:
    post(sms("first"))
    with django_assert_max_num_queries(5) as captured:
        post([sms(str(number), number=f"0917{number:07}") for number in range(100)])
    assert 1 <= statements(captured) <= 3
