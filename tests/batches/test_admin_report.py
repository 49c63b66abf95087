"""The admin's page "Report"."""

import json
from datetime import date

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from batches.models import Batch, Channel, ReportMail
from tests.batches.test_replay import recorded

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:batches_batch_report")


def shown(client: Client, query: str = "") -> str:
    return client.get(PAGE + query).content.decode()


def header(page: str) -> str:
    """What the page's first heading reads, in one line."""
    inside = page.partition("<h1")[2].partition("</h1>")[0].partition(">")[2]
    return " ".join(strip_tags(inside).split())


def test_its_header_has_its_own_name(admin_client: Client) -> None:
    assert header(shown(admin_client)) == "Report"


def test_it_shows_the_last_day(admin_client: Client) -> None:
    recorded("Yes", "see you", days=0.5)
    recorded("Yes", days=2)
    page = shown(admin_client)
    assert "<title>2: 1</title>" in page
    assert "<title>1: 1</title>" not in page
    assert "+639170" not in page


def test_another_period_and_a_channel(admin_client: Client) -> None:
    recorded("Yes", days=2)
    elsewhere = recorded("Yes", days=3)
    other = Channel.objects.create(slug="other")
    Batch.objects.filter(id=elsewhere.id).update(channel=other)
    assert "<title>1: 2</title>" in shown(admin_client, "?days=7")
    assert "<title>1: 1</title>" in shown(admin_client, f"?days=7&channel={other.pk}")


@pytest.mark.parametrize("query", ["?days=9999", "?days=x", "?channel=4711", "?format=exe"])
def test_what_cannot_be_read_is_the_last_day(admin_client: Client, query: str) -> None:
    assert admin_client.get(PAGE + query).status_code == 200


@pytest.mark.parametrize(
    ("name", "kind", "begins"),
    [
        ("html", "text/html", "<!DOCTYPE"),
        ("csv", "text/csv", '\ufeff"section"'),
        ("json", "application/json", "{"),
    ],
)
def test_its_files(admin_client: Client, name: str, kind: str, begins: str) -> None:
    recorded("Yes", days=2)
    answer = admin_client.get(f"{PAGE}?days=7&format={name}")
    assert answer["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer["Content-Disposition"].endswith(f'.{name}"')
    assert answer.content.decode().startswith(begins)
    if name == "json":
        assert json.loads(answer.content)["batches"] == 1


def test_mails_that_failed_can_be_seen(admin_client: Client) -> None:
    ReportMail.objects.create(
        day=date(2026, 3, 2), to="ben@example.org", status="refused", error="550 <b>", tried_at=timezone.now()
    )
    page = shown(admin_client)
    assert "Refused by the server" in page
    assert "550 &lt;b&gt;" in page


def test_it_is_in_the_navigation(admin_client: Client) -> None:
    assert f'href="{PAGE}"' in admin_client.get(reverse("admin:index")).content.decode()


def test_it_is_for_those_who_may_see_batches(client: Client) -> None:
    user = User.objects.create_user("staff", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.set(Permission.objects.filter(codename="view_batch"))
    assert client.get(PAGE).status_code == 200
