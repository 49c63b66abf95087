"""A channel's tokens in the admin: shown once, then recognised by their beginning."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from batches.access import issue, tokens
from batches.models import Channel, ChannelToken

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"whk_[\w-]{43}")


@pytest.fixture
def address(channel: Channel) -> str:
    return reverse("admin:batches_channel_webhook_tokens", args=[channel.pk])


@pytest.fixture
def page(channel: Channel) -> str:
    return reverse("admin:batches_channel_change", args=[channel.pk])


def test_it_shows_a_new_token_once(
    admin_client: Client, client: Client, address: str, page: str, channel: Channel
) -> None:
    answer = admin_client.post(address, {"label": "Ana's <phone>", "days": "30"})
    [secret] = set(SECRET.findall(answer.content.decode()))
    assert f"http://testserver/api/webhook/default/{secret}" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert client.get(f"/api/webhook/default/{secret}").status_code == 200
    later = "".join(admin_client.get(url).content.decode() for url in (address, page))
    assert secret not in later
    assert later.count(f"{secret[:10]}…") >= 2
    assert "Ana&#x27;s &lt;phone&gt;" in later
    stored = str([list(model.objects.values()) for model in (LogEntry, Session, ChannelToken)])
    assert secret not in stored


def test_it_revokes_and_keeps_the_row(admin_client: Client, address: str, channel: Channel) -> None:
    row, secret = issue(channel)
    assert admin_client.post(address, {"revoke": str(row.pk)}).status_code == 302
    tokens.cache_clear()  # two seconds later
    row.refresh_from_db()
    assert row.state == "revoked"
    assert admin_client.get(f"/api/webhook/default/{secret}").status_code == 404
    assert (
        "had ended already"
        in admin_client.post(address, {"revoke": str(row.pk)}, follow=True).content.decode()
    )


def test_it_revokes_no_token_of_another_channel(admin_client: Client, address: str) -> None:
    row = issue(Channel.objects.create(slug="other"))[0]
    for sent in (str(row.pk), "x", "9" * 5):
        admin_client.post(address, {"revoke": sent})
    row.refresh_from_db()
    assert row.state == "valid"


def test_it_keeps_a_record_of_who_did_what(admin_client: Client, address: str, channel: Channel) -> None:
    admin_client.post(address, {"label": ""})
    row = ChannelToken.objects.get()
    admin_client.post(address, {"revoke": str(row.pk)})
    told = list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))
    assert told == [f"Webhook token {row} made", f"Webhook token {row} revoked"]


@pytest.mark.parametrize("days", ["0", "-1", "x", "999999"])
def test_it_refuses_odd_days(admin_client: Client, address: str, days: str) -> None:
    assert admin_client.post(address, {"days": days}).status_code == 200
    assert not ChannelToken.objects.exists()


def test_it_makes_nothing_by_looking(admin_client: Client, address: str) -> None:
    assert admin_client.get(address, {"label": "x"}).status_code == 200
    assert not ChannelToken.objects.exists()


def test_it_is_for_those_who_may_change_channels(
    client: Client, address: str, page: str, channel: Channel
) -> None:
    row = issue(channel)[0]
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_channel"))
    client.force_login(user)
    assert str(row) in client.get(page).content.decode()
    assert address not in client.get(page).content.decode()
    for data in ({"label": "x"}, {"revoke": str(row.pk)}):
        assert client.post(address, data).status_code == 403
    assert [token.state for token in ChannelToken.objects.all()] == ["valid"]


def test_it_knows_no_other_channel(admin_client: Client) -> None:
    missing = reverse("admin:batches_channel_webhook_tokens", args=[999])
    assert admin_client.get(missing).status_code == 404
