"""The admin's page about the spool."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.detour import detour
from batches.inbound.base import InboundSms
from batches.models import Message
from batches.spool import Spool, here
from tests.batches.test_admin_report import header

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:batches_message_spool")
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}\u202etxt"


@pytest.fixture
def spool(settings: Any, tmp_path: Path) -> Spool:
    settings.SPOOL_PATH = tmp_path / "spool.sqlite3"
    spool = here()
    for guid in ("a", "b"):
        sms = InboundSms(guid, "EVIL<b>", HOSTILE, None, "", "{}", timezone.now())
        spool.append([("default", sms)])
    spool.set_aside(spool.first(1)[0], "DataError: <i>why</i>")
    return spool


def test_its_header_has_its_own_name(admin_client: Client, spool: Spool) -> None:
    assert header(admin_client.get(PAGE).content.decode()) == "Spool of this node"


def test_it_says_that_nothing_waits(admin_client: Client, settings: Any, tmp_path: Path) -> None:
    settings.SPOOL_PATH = tmp_path / "none.sqlite3"
    assert "Nothing waits." in admin_client.get(PAGE).content.decode()


def test_it_shows_what_waits_and_what_was_set_aside(admin_client: Client, spool: Spool) -> None:
    page = admin_client.get(PAGE).content.decode()
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}") == 2
    assert page.count("EVIL&lt;b&gt;") == 2
    assert "DataError: &lt;i&gt;why" in page
    assert "<script>alert(1)" not in page
    assert "\u202e" not in page


def test_it_is_in_the_navigation(admin_client: Client) -> None:
    assert f'href="{PAGE}"' in admin_client.get(reverse("admin:index")).content.decode()


def test_it_is_for_those_who_may_read_messages(client: Client, spool: Spool) -> None:
    user = User.objects.create_user("staff", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.set(Permission.objects.filter(codename="view_message"))
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE).status_code == 403
    assert spool.state().failed == 1


@pytest.mark.django_db(transaction=True)
def test_it_lets_an_operator_try_again(admin_client: Client, spool: Spool) -> None:
    with spool.draining():  # the drainer of this process must not be faster than we
        page = admin_client.post(PAGE, follow=True).content.decode()
        assert "1 set aside before: tried again now" in page
        assert (spool.state().waiting, spool.state().failed) == (2, 0)
    until = time.monotonic() + 20
    while detour.on or not spool.is_empty():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert Message.objects.count() == 2


def test_it_says_that_the_file_cannot_be_used(admin_client: Client, spool: Spool) -> None:
    spool.path.write_text("this is no database " * 100)
    assert "not a database" in admin_client.get(PAGE).content.decode()
    assert "cannot be used" in admin_client.post(PAGE, follow=True).content.decode()
