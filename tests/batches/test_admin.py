"""The lists of batches, messages and rejected deliveries."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.models import Batch, BatchEvent, Channel, Lease, Message, RejectedDelivery
from tests.batches.conftest import URL, arrive, sms

pytestmark = pytest.mark.django_db

BATCHES = reverse("admin:batches_batch_changelist")
MESSAGES = reverse("admin:batches_message_changelist")
REJECTED = reverse("admin:batches_rejecteddelivery_changelist")
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}\u202etxt"


def found(client: Client, address: str, **query: Any) -> list[Any]:
    """The rows' keys on the first page."""
    answer = client.get(address, query)
    assert answer.status_code == 200
    return sorted(row.pk for row in answer.context["cl"].result_list)


def ids(*rows: Any) -> list[Any]:
    return sorted(row.pk for row in rows)


@pytest.fixture
def viewer(db: None) -> User:
    """Somebody who may look at everything and change nothing."""
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


@pytest.fixture
def rejected(client: Client) -> RejectedDelivery:
    document = {"messages": [sms(text=HOSTILE, number=""), sms(guid="g2", number="0917\u202e")]}
    client.post(URL, document, content_type="application/json")
    return RejectedDelivery.objects.get()


class TestBatches:
    def test_it_shows_a_batch_with_its_first_text_and_its_state(self, admin_client: Client) -> None:
        arrive("Sige po", "second")
        page = admin_client.get(BATCHES).content.decode()
        assert "+639171234567" in page
        assert "Sige po" in page
        assert "second" not in page
        assert "Open" in page

    def test_it_escapes_and_reveals_what_strangers_wrote(self, admin_client: Client) -> None:
        arrive(HOSTILE, sender="EVIL\u202eNAME<b>")
        page = admin_client.get(BATCHES).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
        assert "<script>alert(1)" not in page
        assert "NAME&lt;b&gt;" in page
        assert page.count(">U+202E</code>") == 2
        assert "\u202e" not in page

    @pytest.mark.parametrize(
        "term",
        ["+639171234567", "09171234567", "639171234567", " 0917 123 4567 ", "0917-123-4567", "71234"],
    )
    def test_it_finds_a_number_in_any_spelling(self, admin_client: Client, term: str) -> None:
        wanted = arrive("Yes")
        arrive("Yes", sender="+639181234999")
        assert found(admin_client, BATCHES, q=term) == ids(wanted)

    def test_it_reads_a_number_as_the_channels_do(self, admin_client: Client) -> None:
        batch = arrive("Yes", sender="+12025550123")
        assert found(admin_client, BATCHES, q="(202) 555-0123") == []
        Channel.objects.update(region="US")
        assert found(admin_client, BATCHES, q="(202) 555-0123") == ids(batch)

    def test_it_finds_a_batch_by_the_guid_of_any_of_its_messages(self, admin_client: Client) -> None:
        batch = arrive("Yes", "No")
        arrive("Yes", sender="+639181234999")
        guid = batch.messages.all()[1].provider_message_id
        assert found(admin_client, BATCHES, q=guid) == ids(batch)

    def test_it_finds_a_name(self, admin_client: Client) -> None:
        batch = arrive("Promo", sender="GLOBE")
        assert found(admin_client, BATCHES, q="globe") == ids(batch)

    def test_it_finds_nothing_where_nothing_is(self, admin_client: Client) -> None:
        arrive("Yes")
        assert found(admin_client, BATCHES, q="09999999999") == []

    @pytest.mark.parametrize(
        ("query", "hit"),
        [
            ({"status__exact": "open"}, False),
            ({"status__exact": "completed"}, True),
            ({"status__exact": ["completed", "failed"]}, True),
            ({"label": "agree"}, True),
            ({"label": "neutral"}, False),
            ({"outcome__exact": "unknown"}, True),
            ({"outcome__exact": "replied"}, False),
            ({"opened_at_from": "2025-01-20", "opened_at_to": "2025-01-20"}, True),
            ({"opened_at_from": "2025-01-21"}, False),
            ({"opened_at_to": "2025-01-19"}, False),
            ({"opened_at_from": "nonsense"}, True),
        ],
    )
    def test_it_filters(self, admin_client: Client, query: dict[str, Any], hit: bool) -> None:
        batch = arrive("Yes")
        settled = {"status": "completed", "label": "agree", "outcome": "unknown"}
        Batch.objects.filter(pk=batch.pk).update(
            opened_at="2025-01-20T23:59:59Z", closes_at="2025-01-21T00:00:59Z", **settled
        )
        assert found(admin_client, BATCHES, **query) == (ids(batch) if hit else [])

    def test_it_filters_by_channel(self, admin_client: Client) -> None:
        batch, other = arrive("Yes"), Channel.objects.create(slug="other")
        assert found(admin_client, BATCHES, channel__id__exact=batch.channel_id) == ids(batch)
        assert found(admin_client, BATCHES, channel__id__exact=other.pk) == []

    def test_it_asks_as_often_for_many_batches_as_for_one(self, admin_client: Client) -> None:
        def asked() -> int:  # but for what is believed for two seconds, which may be read again at any time
            return sum('FROM "batches_' in sql for sql in _queries(admin_client, BATCHES))

        arrive("Yes")
        few = asked()
        for number in range(30):
            arrive("Yes", sender=f"+6391712345{number:02}")
        assert asked() == few >= 1

    @pytest.mark.parametrize("address", [BATCHES, MESSAGES, f"{BATCHES}?_facets=True&status__exact=open"])
    def test_it_never_counts_the_whole_table(self, admin_client: Client, address: str) -> None:
        arrive("Yes")
        assert not [sql for sql in _queries(admin_client, address) if "COUNT(" in sql]

    def test_it_turns_pages(self, admin_client: Client) -> None:
        batches = [arrive("Yes", sender=f"+6391712345{number:02}") for number in range(52)]
        assert found(admin_client, BATCHES) == ids(*batches[2:])
        assert found(admin_client, BATCHES, p=2) == ids(*batches[:2])


class TestMessages:
    @pytest.mark.parametrize("term", ["0917 123 4567", "guid", "Sige"])
    def test_it_finds_by_number_guid_and_words(self, admin_client: Client, term: str) -> None:
        message = arrive("Sige po").messages.get()
        arrive("No", sender="+639181234999")
        term = message.provider_message_id if term == "guid" else term
        assert found(admin_client, MESSAGES, q=term) == [message.pk]

    def test_it_filters_by_batch(self, admin_client: Client) -> None:
        message = arrive("Yes").messages.get()
        arrive("No", sender="+639181234999")
        assert found(admin_client, MESSAGES, batch=message.batch_id) == [message.pk]

    def test_it_shows_a_message_escaped_with_a_link_to_its_batch(self, admin_client: Client) -> None:
        message = arrive(HOSTILE).messages.get()
        page = admin_client.get(_page(message)).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert(1)" not in page
        assert "U+202E" in page
        assert reverse("admin:batches_batch_change", args=[message.batch_id]) in page

    def test_it_asks_as_often_for_many_messages_as_for_one(self, admin_client: Client) -> None:
        arrive("Yes")
        _queries(admin_client, MESSAGES)  # the process knows the sidebar's number from now on
        few = _queries(admin_client, MESSAGES)
        arrive(*["No"] * 30)
        assert len(_queries(admin_client, MESSAGES)) == len(few)


class TestRejectedDeliveries:
    def test_it_lists_why(self, admin_client: Client, rejected: RejectedDelivery) -> None:
        page = admin_client.get(REJECTED).content.decode()
        assert "message 0, number: must not be blank" in page
        assert "127.0.0.1" in page

    def test_it_shows_errors_and_body_escaped(self, admin_client: Client, rejected: RejectedDelivery) -> None:
        page = admin_client.get(_page(rejected)).content.decode()
        assert "<li><bdi>message 0, number: must not be blank</bdi></li>" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert(1)" not in page

    @pytest.mark.parametrize("errors", [[], [{"reason": "no field"}], [{"field": "x"}]])
    def test_it_shows_any_shape_of_errors(
        self, admin_client: Client, rejected: RejectedDelivery, errors: list[Any]
    ) -> None:
        RejectedDelivery.objects.update(errors=errors)
        assert admin_client.get(REJECTED).status_code == 200
        assert admin_client.get(_page(rejected)).status_code == 200


class TestReadOnly:
    @pytest.fixture(params=[Batch, Message, RejectedDelivery])
    def row(self, request: pytest.FixtureRequest, rejected: RejectedDelivery) -> Any:
        batch = arrive("Yes")
        return {Batch: batch, Message: batch.messages.get(), RejectedDelivery: rejected}[request.param]

    def test_it_changes_nothing(self, admin_client: Client, row: Any) -> None:
        before = type(row).objects.values().get(pk=row.pk)
        assert (
            admin_client.post(_page(row), {"status": "failed", "text": "x", "body": "x"}).status_code == 403
        )
        assert type(row).objects.values().get(pk=row.pk) == before

    def test_it_adds_nothing(self, admin_client: Client, row: Any) -> None:
        assert admin_client.post(_address(row, "add")).status_code == 403

    def test_it_deletes_nothing(self, admin_client: Client, row: Any) -> None:
        data = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        admin_client.post(_address(row, "changelist"), data)
        address = reverse(f"admin:batches_{row._meta.model_name}_delete", args=[row.pk])
        assert admin_client.post(address, {"post": "yes"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()

    def test_it_is_shown_to_a_viewer(self, client: Client, viewer: User, row: Any) -> None:
        client.force_login(viewer)
        assert client.get(_page(row)).status_code == 200
        assert client.get(_address(row, "changelist")).status_code == 200

    def test_it_is_hidden_from_staff_without_the_permission(self, client: Client, row: Any) -> None:
        client.force_login(User.objects.create_user("clerk", is_staff=True))
        assert client.get(_page(row)).status_code == 403

    def test_it_is_hidden_from_strangers(self, client: Client, row: Any) -> None:
        assert client.get(_page(row)).headers["Location"].startswith(reverse("admin:login"))

    @pytest.mark.parametrize("model", [BatchEvent, Lease])
    def test_it_offers_no_page_for_what_only_the_machinery_needs(self, model: Any) -> None:
        assert not admin.site.is_registered(model)


def _page(row: Any) -> str:
    return reverse(f"admin:batches_{row._meta.model_name}_change", args=[row.pk])


def _address(row: Any, page: str) -> str:
    return reverse(f"admin:batches_{row._meta.model_name}_{page}")


def _queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return [query["sql"] for query in captured.captured_queries]
