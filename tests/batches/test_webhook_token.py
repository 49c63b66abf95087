"""`manage.py webhook_token`: made once, listed without its secret, revoked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from batches.access import issue, tokens
from batches.models import Channel, ChannelToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def closed(settings: Any) -> None:
    settings.WEBHOOK_OPEN = False
    settings.SITE_URL = "https://sms.example.org"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> str:
        call_command("webhook_token", *arguments)
        return capsys.readouterr().out

    return run


def status(client: Client, url: str) -> int:
    return client.get(url.removeprefix("https://sms.example.org")).status_code


def test_it_prints_an_address_that_works(run: Any, client: Client) -> None:
    printed = run("default", "--label", "Ana's phone")
    row = ChannelToken.objects.get()
    [url] = [line.strip() for line in printed.splitlines() if "/api/webhook/default/" in line]
    [header] = [line for line in printed.splitlines() if "Bearer" in line]
    assert url.startswith("https://sms.example.org/api/webhook/default/whk_")
    assert header.split()[-1] == url.rpartition("/")[2]
    assert (row.label, row.expires_at, row.state) == ("Ana's phone", None, "valid")
    assert status(client, url) == 200


def test_it_prints_json(run: Any, client: Client) -> None:
    document = json.loads(run("default", "--json", "--days", "7"))
    assert status(client, document["url"]) == 200
    assert document["url"].endswith(document["token"])
    week = ChannelToken.objects.get(pk=document["id"]).expires_at - timezone.now()  # type: ignore[operator]
    assert timedelta(days=6, hours=23) < week <= timedelta(days=7)


def test_it_makes_a_channel_only_when_told_to(run: Any, client: Client) -> None:
    with pytest.raises(CommandError, match=r"no channel 'clinic' \(there are: default\).*--create-channel"):
        run("clinic")
    document = json.loads(run("clinic", "--create-channel", "--json"))
    assert Channel.objects.get(slug="clinic").tokens.count() == 1
    assert status(client, document["url"]) == 200
    assert "Bearer" not in run("clinic")  # the default URL is not this channel's


@pytest.mark.parametrize("slug", ["a b", "a/b", "é", "c" * 51, ""])
def test_it_refuses_a_name_that_is_no_address(run: Any, slug: str) -> None:
    with pytest.raises(CommandError, match="cannot be a channel's name"):
        run(slug, "--create-channel")
    assert not Channel.objects.filter(slug=slug).exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--days", "0"], "must be from 1 to 3660"),
        (["--days", "soon"], "is not a number"),
        (["--label", "x" * 65], "--label: must not be longer than 64"),
        (["--list", "--revoke", "1"], "not allowed with"),
    ],
)
def test_it_says_what_is_wrong(run: Any, arguments: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run("default", *arguments)
    assert not ChannelToken.objects.exists()


def test_it_lists_them_without_their_secrets(run: Any) -> None:
    channel = Channel.objects.get_or_create(slug="default")[0]
    rows, secrets = zip(*(issue(channel, label) for label in ("Ana's phone", "Ben's")), strict=True)
    ChannelToken.objects.filter(pk=rows[0].pk).update(expires_at=timezone.now())
    printed, document = run("default", "--list"), json.loads(run("default", "--list", "--json"))
    assert "Ana's phone" in printed
    assert f"{secrets[0][:10]}…" in printed
    assert [token["state"] for token in document["tokens"]] == ["expired", "valid"]
    for secret in secrets:
        assert secret not in printed + json.dumps(document)


def test_it_revokes(run: Any, client: Client) -> None:
    old, new = (json.loads(run("default", "--json")) for _ in range(2))
    assert (status(client, old["url"]), status(client, new["url"])) == (200, 200)
    assert "no process takes it after 2 seconds" in run("default", "--revoke", str(old["id"]))
    tokens.cache_clear()  # two seconds later
    assert (status(client, old["url"]), status(client, new["url"])) == (404, 200)
    with pytest.raises(CommandError, match=r"no token \d+ that could be revoked"):
        run("default", "--revoke", str(old["id"]))
