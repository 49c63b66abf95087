from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.models import Batch
from replies import services
from replies.models import Reply, ReplyAttempt
from replies.senders import memory
from replies.senders.base import refused
from tests.replies.conftest import NUMBER, History, prepare, send

LIST = reverse("admin:replies_reply_changelist")


@pytest.fixture
def sent(reply: Reply, history: History) -> Reply:
    memory.next_results.append(refused("http_401", "<script>alert(1)</script>"))
    return send(reply, history)


def _page(reply: Reply) -> str:
    return reverse("admin:replies_reply_change", args=[reply.pk])


def test_it_lists_replies(admin_client: Client, sent: Reply) -> None:
    assert NUMBER in admin_client.get(LIST).content.decode()


def test_it_finds_a_reply_by_its_number(admin_client: Client, sent: Reply) -> None:
    found = [
        admin_client.get(LIST, {"q": number}).context["cl"].result_list.count()
        for number in ("917123", "555")
    ]
    assert found == [1, 0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status__exact": "refused"}, 1),
        ({"status__exact": "sent"}, 0),
        ({"provider": "memory"}, 1),
        ({"created_at__year": "1999"}, 0),
    ],
)
def test_it_filters_replies(admin_client: Client, sent: Reply, query: dict[str, str], count: int) -> None:
    assert admin_client.get(LIST, query).context["cl"].result_list.count() == count


def test_it_shows_the_attempts_with_their_errors_escaped(admin_client: Client, sent: Reply) -> None:
    page = admin_client.get(_page(sent)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_it_shows_what_a_reply_takes_and_costs(
    admin_client: Client, batch: Batch, history: History, settings: Any
) -> None:
    settings.SMS_AUTO_REPLY_TEXT = "Salamat\u00a0po – <b>kita</b> tayo. " * 3
    settings.SMS_SEGMENT_PRICE, settings.SMS_CURRENCY = Decimal("0.35"), "PHP"
    reply = services.deliver(prepare(batch, history), record=history)
    page = admin_client.get(_page(reply)).content.decode()
    assert "2 (UCS-2 for U+00A0 –)" in page
    assert "0.70 PHP" in page
    [row] = admin_client.get(LIST).context["cl"].result_list
    assert row.segments == 2


def test_it_shows_no_cost_where_no_price_is_set(admin_client: Client, sent: Reply) -> None:
    assert " PHP" not in admin_client.get(_page(sent)).content.decode()


def test_it_changes_nothing(admin_client: Client, sent: Reply) -> None:
    answer = admin_client.post(_page(sent), {"status": "sent", "to": "+1", "body": "x"})
    assert (answer.status_code, Reply.objects.get().status) == (403, "refused")


@pytest.mark.parametrize("action", ["add", "delete"])
def test_it_adds_and_deletes_nothing(admin_client: Client, sent: Reply, action: str) -> None:
    arguments = [sent.pk] if action == "delete" else []
    address = reverse(f"admin:replies_reply_{action}", args=arguments)
    assert admin_client.post(address, {"post": "yes"}).status_code == 403
    assert (Reply.objects.count(), ReplyAttempt.objects.count()) == (1, 1)


def test_it_offers_no_action_that_deletes(admin_client: Client, sent: Reply) -> None:
    data = {"action": "delete_selected", "_selected_action": [sent.pk], "post": "yes"}
    admin_client.post(LIST, data)
    assert Reply.objects.count() == 1


def test_it_shows_nothing_to_a_user_without_the_permission(
    client: Client, django_user_model: Any, sent: Reply
) -> None:
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.get(LIST).status_code == 403
