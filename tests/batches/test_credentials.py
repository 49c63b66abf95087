"""Providers' keys at rest: encrypted, rotated, written and never read in the admin."""

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from batches.credentials import CredentialsNotStorable, CredentialsUnreadable, decrypt, encrypt, revealed
from batches.models import Channel
from replies.senders.base import Account

pytestmark = pytest.mark.django_db

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
SECRET = "sk-channel-9f8e7d6c"


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.CREDENTIALS_KEYS = [OLD]


def save(client: Client, channel: Channel, **changes: str) -> Any:
    form = {"region": "", "window_seconds": "", "auto_reply_enabled": "unknown", "provider": ""} | changes
    address = reverse("admin:batches_channel_change", args=[channel.pk])
    answer = client.post(address, form, follow=True)
    channel.refresh_from_db()
    return answer


class TestAtRest:
    def test_the_database_never_has_it_in_clear(self, channel: Channel, admin_client: Client) -> None:
        save(admin_client, channel, new_key=SECRET)
        with connection.cursor() as cursor:
            cursor.execute("SELECT credentials FROM batches_channel WHERE id = %s", [channel.pk])
            stored = cursor.fetchone()[0]
        assert stored
        assert SECRET not in stored
        assert Fernet(OLD).decrypt(stored.encode()).decode() == SECRET

    def test_nothing_that_a_channel_shows_has_it(self, channel: Channel) -> None:
        channel.credentials = encrypt(SECRET)
        assert channel.account == Account("", SECRET)
        assert SECRET not in f"{channel!r}{channel}{vars(channel)}{channel.account!r}{channel.account}"

    def test_a_channel_without_uses_the_environments(self, channel: Channel) -> None:
        assert channel.account == Account()

    @pytest.mark.parametrize("keys", [[], [NEW]])
    def test_it_says_when_the_key_is_lost(self, settings: Any, channel: Channel, keys: list[str]) -> None:
        channel.credentials = encrypt(SECRET)
        settings.CREDENTIALS_KEYS = keys
        with pytest.raises(CredentialsUnreadable, match="No key of CREDENTIALS_KEYS") as caught:
            _ = channel.account
        assert SECRET not in str(caught.value)

    def test_it_takes_nothing_that_was_tampered_with(self) -> None:
        stored = encrypt(SECRET)
        with pytest.raises(CredentialsUnreadable):
            decrypt(stored[:-10] + "AAAAAAAA==")

    def test_it_encrypts_nothing_without_a_key(self, settings: Any) -> None:
        settings.CREDENTIALS_KEYS = []
        with pytest.raises(CredentialsNotStorable, match="rotate_credentials --new-key"):
            encrypt(SECRET)

    def test_the_log_is_told_what_to_leave_out(self) -> None:
        stored = Fernet(OLD).encrypt(b"told-to-the-log-1").decode()
        assert "told-to-the-log-1" not in revealed()
        decrypt(stored)
        assert "told-to-the-log-1" in revealed()


class TestAdmin:
    def test_it_is_set_and_never_shown(self, admin_client: Client, channel: Channel) -> None:
        page = save(
            admin_client, channel, new_key=SECRET, provider="smsmobileapi", _continue="1"
        ).content.decode()
        assert channel.account == Account("smsmobileapi", SECRET)
        assert "Set. It is never shown." in page
        assert SECRET not in page
        assert channel.credentials not in page
        for address in ("changelist", "history"):
            args = [channel.pk] if address == "history" else []
            text = admin_client.get(reverse(f"admin:batches_channel_{address}", args=args)).content.decode()
            assert SECRET not in text
        assert SECRET not in "".join(str(row) for row in LogEntry.objects.values_list())

    def test_it_is_not_shown_when_the_form_comes_back(self, admin_client: Client, channel: Channel) -> None:
        page = save(admin_client, channel, new_key=SECRET, region="XX").content.decode()
        assert "XX is no country" in page
        assert SECRET not in page
        assert channel.credentials == ""

    def test_an_empty_field_keeps_it(self, admin_client: Client, channel: Channel) -> None:
        save(admin_client, channel, new_key=SECRET)
        save(admin_client, channel, region="US")
        assert channel.account.key == SECRET

    def test_it_can_be_forgotten(self, admin_client: Client, channel: Channel) -> None:
        save(admin_client, channel, new_key=SECRET)
        save(admin_client, channel, forget_key="on")
        assert channel.credentials == ""

    def test_it_refuses_to_keep_it_in_clear(
        self, settings: Any, admin_client: Client, channel: Channel
    ) -> None:
        settings.CREDENTIALS_KEYS = []
        page = save(admin_client, channel, new_key=SECRET).content.decode()
        assert "CREDENTIALS_KEYS is not set, so nothing can be encrypted." in page
        assert channel.credentials == ""

    def test_other_settings_can_be_saved_without_a_key(
        self, settings: Any, admin_client: Client, channel: Channel
    ) -> None:
        settings.CREDENTIALS_KEYS = []
        save(admin_client, channel, region="US")
        assert channel.region == "US"

    def test_it_offers_no_sender_for_tests(self, admin_client: Client, channel: Channel) -> None:
        assert (
            "not one of the available choices"
            in save(admin_client, channel, provider="memory").content.decode()
        )

    def test_it_takes_a_permission_of_its_own(self, channel: Channel) -> None:
        user = User.objects.create_user("boss", is_staff=True)
        group = Group.objects.get(name="supervisor")
        group.permissions.remove(group.permissions.get(codename="change_credentials"))
        user.groups.add(group)
        client = Client()
        client.force_login(user)
        page = client.get(reverse("admin:batches_channel_change", args=[channel.pk])).content.decode()
        assert "new_key" not in page
        save(client, channel, new_key=SECRET, provider="console", region="US")
        assert (channel.credentials, channel.provider, channel.region) == ("", "", "US")


def rotate(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("rotate_credentials", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


class TestRotation:
    def test_the_old_key_can_be_dropped_afterwards(self, settings: Any, channel: Channel) -> None:
        Channel.objects.update(credentials=encrypt(SECRET))
        settings.CREDENTIALS_KEYS = [NEW, OLD]
        channel.refresh_from_db()
        assert channel.account.key == SECRET
        code, table = rotate()
        assert (code, "rotated" in table, SECRET in table) == (0, True, False)
        settings.CREDENTIALS_KEYS = [NEW]
        channel.refresh_from_db()
        assert channel.account.key == SECRET

    def test_it_says_what_no_key_reads_and_leaves_it(self, settings: Any, channel: Channel) -> None:
        stored = encrypt(SECRET)
        Channel.objects.update(credentials=stored)
        settings.CREDENTIALS_KEYS = [NEW]
        code, out = rotate("--json")
        assert (code, json.loads(out)) == (1, {"default": "unreadable"})
        channel.refresh_from_db()
        assert channel.credentials == stored

    def test_it_replaces_nothing_that_was_saved_meanwhile(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Channel.objects.update(credentials=encrypt(SECRET))
        newer = encrypt("newer")

        def slowly(stored: str) -> str:
            Channel.objects.update(credentials=newer)  # somebody saves between reading and writing
            return encrypt(decrypt(stored))

        monkeypatch.setattr("batches.management.commands.rotate_credentials.rotate", slowly)
        assert rotate("--json") == (1, '{"default": "changed meanwhile"}\n')
        channel.refresh_from_db()
        assert channel.account.key == "newer"

    def test_it_has_nothing_to_do_without_credentials(self, channel: Channel) -> None:
        assert rotate()[1].strip() == "No channel has credentials of its own."

    def test_it_makes_a_key(self) -> None:
        Fernet(rotate("--new-key")[1].strip())


class TestCheck:
    def test_it_names_channels_whose_key_is_lost(self, settings: Any, channel: Channel) -> None:
        Channel.objects.update(credentials=encrypt(SECRET))
        assert not [one for one in run_checks(databases=["default"]) if one.id == "batches.E005"]
        settings.CREDENTIALS_KEYS = []
        found = [one for one in run_checks(databases=["default"]) if one.id == "batches.E005"]
        assert [one.msg for one in found] == [
            "No key of CREDENTIALS_KEYS decrypts the credentials of: default"
        ]
        assert not [one for one in run_checks() if one.id == "batches.E005"]
