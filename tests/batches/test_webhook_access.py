"""Who may post, and what everybody else is told."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from batches import access, failures
from batches.access import issue, revoke, tokens
from batches.models import Channel, ChannelToken, Message, RejectedDelivery
from batches.tokens import MARK
from tests.batches.conftest import URL, sms
from tests.batches.test_webhook import statements

pytestmark = pytest.mark.django_db
Ask = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def closed(settings: Any) -> None:
    settings.WEBHOOK_OPEN = False


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(slug="clinic")


@pytest.fixture
def secret(channel: Channel) -> str:
    return issue(channel)[1]


@pytest.fixture
def ask(client: Client) -> Ask:
    """Post one message to a URL, with headers as in `x_webhook_token="…"`."""

    def post(url: str = URL, guid: str = "g1", **headers: str) -> HttpResponse:
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        body = json.dumps(sms(guid))
        return client.post(url, body, content_type="application/json", **extra)  # type: ignore[return-value, arg-type]

    return post


def path(channel: str, token: str) -> str:
    return f"/api/webhook/{channel}/{token}"


class TestPath:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_takes_messages_for_its_channel(
        self, ask: Ask, channel: Channel, secret: str, slash: str
    ) -> None:
        answer = ask(path("clinic", secret) + slash)
        assert (answer.status_code, json.loads(answer.content)["processed"]) == (200, 1)
        assert Message.objects.get().channel == channel

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_says_that_it_is_there(self, client: Client, secret: str, slash: str) -> None:
        answer = client.get(path("clinic", secret) + slash)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")

    def test_it_takes_several_tokens_at_once(self, ask: Ask, channel: Channel) -> None:
        secrets = [issue(channel)[1] for _ in range(3)]
        answers = [ask(path("clinic", token), guid=token[-8:]).status_code for token in secrets]
        assert answers == [200, 200, 200]

    def test_it_gives_one_answer_to_a_wrong_token_and_an_unknown_channel(self, ask: Ask, secret: str) -> None:
        Channel.objects.create(slug="without-tokens")
        wrong, unknown, without = (
            ask(path(slug, token))
            for slug, token in (("clinic", secret[:-1]), ("nobody", secret), ("without-tokens", secret))
        )
        assert wrong.status_code == 404
        assert wrong.content == unknown.content == without.content
        assert wrong.headers.items() == unknown.headers.items() == without.headers.items()
        assert not Channel.objects.filter(slug="nobody").exists()

    @pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
    def test_it_tells_no_method_anything(self, client: Client, method: str) -> None:
        assert getattr(client, method)(path("clinic", "x")).status_code == 404

    def test_it_opens_no_other_channel(self, ask: Ask, secret: str) -> None:
        issue(Channel.objects.create(slug="other"))
        assert ask(path("other", secret)).status_code == 404

    def test_it_takes_no_token_from_a_header(self, ask: Ask, secret: str) -> None:
        assert ask(path("clinic", "wrong"), x_webhook_token=secret).status_code == 404

    def test_it_stays_closed_when_the_default_url_is_open(self, ask: Ask, settings: Any) -> None:
        settings.WEBHOOK_OPEN = True
        assert ask(path("default", "anything")).status_code == 404

    @pytest.mark.parametrize("token", ["%00", "%FF", "t" * 5000, "ñ", "a%0Ab", "'\"<b>"])
    def test_it_refuses_odd_tokens_calmly(self, ask: Ask, secret: str, token: str) -> None:
        assert ask(path("clinic", token)).status_code == 404


class TestHeader:
    @pytest.fixture
    def default_secret(self) -> str:
        return issue(Channel.objects.get_or_create(slug="default")[0])[1]

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
    def test_it_takes_a_bearer_token(self, ask: Ask, default_secret: str, scheme: str) -> None:
        assert ask(authorization=f"{scheme} {default_secret}").status_code == 200

    def test_it_takes_a_header_of_its_own(self, ask: Ask, default_secret: str) -> None:
        assert ask(x_webhook_token=default_secret).status_code == 200

    def test_it_takes_the_same_token_in_the_path(self, ask: Ask, default_secret: str) -> None:
        assert ask(path("default", default_secret)).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"x_webhook_token": "wrong"},
            {"authorization": "Bearer wrong"},
            {"authorization": "Basic dXNlcjpwYXNz"},
            {"authorization": "Bearer"},
            {"authorization": ""},
        ],
    )
    def test_it_asks_for_a_token(self, ask: Ask, default_secret: str, headers: dict[str, str]) -> None:
        answer = ask(**headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="webhook"')
        document = json.loads(answer.content)
        assert (document["status"], "Authorization: Bearer" in document["message"]) == ("error", True)

    def test_it_takes_no_token_of_another_channel(self, ask: Ask, secret: str) -> None:
        assert ask(x_webhook_token=secret).status_code == 401

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_it_says_to_everybody_that_it_is_there(
        self, client: Client, method: str, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(0):
            assert getattr(client, method)(URL).status_code == 200

    def test_it_takes_the_token_of_the_environment(self, ask: Ask, settings: Any) -> None:
        settings.WEBHOOK_TOKEN = "from-the-environment-and-long"
        assert ask(x_webhook_token=settings.WEBHOOK_TOKEN).status_code == 200
        assert ask(path("default", settings.WEBHOOK_TOKEN)).status_code == 200
        assert ask(x_webhook_token="from-the-environment-and-lonG").status_code == 401
        assert ask(path("clinic", settings.WEBHOOK_TOKEN)).status_code == 404

    def test_it_is_open_only_when_the_setting_says_so(self, ask: Ask, settings: Any) -> None:
        assert ask().status_code == 401
        settings.WEBHOOK_OPEN = True
        assert ask().status_code == 200

    def test_it_takes_no_empty_token_for_an_empty_setting(self, ask: Ask, settings: Any) -> None:
        settings.WEBHOOK_TOKEN = ""
        assert ask(x_webhook_token="").status_code == 401
        assert ask(authorization="Bearer ").status_code == 401


class TestLife:
    def test_it_stores_no_secret(self, channel: Channel) -> None:
        row, secret = issue(channel, "Ana's phone")
        stored = " ".join(str(value) for value in ChannelToken.objects.values().get(pk=row.pk).values())
        assert secret.startswith(MARK)
        assert len(secret) == len(MARK) + 43
        assert secret not in stored
        assert stored.count(secret[:10]) == 1  # the prefix, to recognise it by
        assert secret[:11] not in stored

    def test_it_ends_when_revoked(self, ask: Ask, channel: Channel, secret: str) -> None:
        other = issue(channel)[1]
        assert ask(path("clinic", secret)).status_code == 200
        assert revoke(channel, ChannelToken.objects.earliest("id").pk)
        tokens.cache_clear()  # two seconds later
        assert ask(path("clinic", secret)).status_code == 404
        assert ask(path("clinic", other)).status_code == 200

    def test_it_is_revoked_once_and_only_by_its_channel(self, channel: Channel) -> None:
        row = issue(channel)[0]
        assert not revoke(Channel.objects.create(slug="other"), row.pk)
        assert revoke(channel, row.pk)
        assert not revoke(channel, row.pk)

    def test_it_ends_when_its_time_is_over_although_it_is_remembered(
        self, ask: Ask, channel: Channel
    ) -> None:
        row, secret = issue(channel, days=1)
        assert ask(path("clinic", secret)).status_code == 200
        [remembered] = tokens()["clinic"]
        assert remembered == row
        remembered.expires_at = timezone.now() - timedelta(seconds=1)
        assert ask(path("clinic", secret)).status_code == 404

    def test_it_notes_its_use_at_most_once_a_minute(self, ask: Ask, secret: str) -> None:
        ask(path("clinic", secret))
        first = ChannelToken.objects.get().last_used_at
        assert first is not None
        ask(path("clinic", secret), guid="g2")
        assert ChannelToken.objects.get().last_used_at == first
        ChannelToken.objects.update(last_used_at=first - timedelta(seconds=61))
        tokens.cache_clear()
        ask(path("clinic", secret), guid="g3")
        assert ChannelToken.objects.get().last_used_at > first  # type: ignore[operator]

    def test_it_costs_no_statement_of_its_own(
        self, ask: Ask, secret: str, django_assert_max_num_queries: Any
    ) -> None:
        ask(path("clinic", secret))
        with django_assert_max_num_queries(5) as captured:
            ask(path("clinic", secret), guid="g2")
        assert 1 <= statements(captured) <= 3

    def test_it_costs_strangers_no_statement(
        self, ask: Ask, secret: str, django_assert_num_queries: Any
    ) -> None:
        ask(path("clinic", "wrong"))
        with django_assert_num_queries(0):
            for number in range(50):
                ask(path(f"channel-{number}", "wrong"))
            ask()


class TestDatabaseAway:
    @pytest.fixture
    def away(self) -> Iterator[Any]:
        def fail(*_: Any) -> None:
            raise OperationalError("the database is away")

        with connection.execute_wrapper(fail):
            yield

    def test_it_knows_the_tokens_that_it_has_read(
        self, client: Client, secret: str, request: pytest.FixtureRequest
    ) -> None:
        assert client.get(path("clinic", secret)).status_code == 200
        tokens.cache_clear()
        request.getfixturevalue("away")
        assert client.get(path("clinic", secret)).status_code == 200
        assert client.get(path("clinic", "wrong")).status_code == 404

    def test_it_lets_the_provider_try_again_when_it_has_read_none(
        self, client: Client, secret: str, request: pytest.FixtureRequest
    ) -> None:
        request.getfixturevalue("away")
        answer = client.get(path("clinic", secret))
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")

    def test_it_does_not_refuse_because_a_use_cannot_be_noted(self, client: Client, secret: str) -> None:
        tokens()

        def no_update(execute: Any, sql: str, *rest: Any) -> Any:
            if sql.startswith("UPDATE"):
                raise OperationalError("read-only")
            return execute(sql, *rest)

        with connection.execute_wrapper(no_update):
            assert client.get(path("clinic", secret)).status_code == 200


class TestStrangers:
    @pytest.fixture(autouse=True)
    def limit(self, settings: Any) -> None:
        settings.WEBHOOK_FAILURES_PER_MINUTE = 3

    def test_it_tells_them_to_wait(self, ask: Ask, secret: str) -> None:
        answers = [ask(path("clinic", "wrong")) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert ask().status_code == 429

    def test_it_counts_each_address_by_itself(self, client: Client) -> None:
        ours, theirs = ({"REMOTE_ADDR": address} for address in ("203.0.113.5", "203.0.113.6"))
        for _ in range(5):
            client.post(URL, **ours)  # type: ignore[arg-type]
        assert client.post(URL, **ours).status_code == 429  # type: ignore[arg-type]
        assert client.post(URL, **theirs).status_code == 401  # type: ignore[arg-type]

    def test_it_never_shuts_out_a_valid_token(self, ask: Ask, secret: str) -> None:
        for _ in range(10):
            ask(path("clinic", "wrong"))
        assert ask(path("clinic", secret)).status_code == 200

    def test_it_writes_no_row(self, ask: Ask, client: Client, secret: str) -> None:
        before = set(Channel.objects.all())
        for number in range(10):
            ask(path(f"clinic{number}", "wrong"))
            ask()
            client.post(path("clinic", "wrong"), b"{broken", content_type="text/plain")
        assert not RejectedDelivery.objects.exists()
        assert not Message.objects.exists()
        assert set(Channel.objects.all()) == before

    def test_it_reads_nothing_that_they_send(self, client: Client) -> None:
        """A body that cannot be read stands for one that never ends."""

        class Endless:
            def read(self, *_: Any) -> bytes:
                raise AssertionError("the body was read")

            readline = read

        environ = {"wsgi.input": Endless(), "CONTENT_LENGTH": "1000000", "CONTENT_TYPE": "application/json"}
        for url in (URL, path("clinic", "wrong")):
            answer = client.generic("POST", url, **environ)  # type: ignore[arg-type]
            assert answer.status_code in (401, 404)

    def test_it_logs_one_line_and_neither_path_nor_token(
        self, ask: Ask, secret: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            for _ in range(10):
                ask(path("clinic", secret[:-1]))
        [record] = caplog.records
        assert record.getMessage() == "WEBHOOK REFUSED | From: 127.0.0.1 | Attempts without a valid token: 1"
        access.failures._seen["127.0.0.1"].told_at -= failures.PERIOD  # a minute later
        access.failures.tell()
        assert caplog.records[-1].getMessage().endswith("Attempts without a valid token: 9")

    def test_it_knows_them_behind_a_trusted_proxy(self, client: Client, settings: Any) -> None:
        settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
        for _ in range(5):
            client.post(URL, HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.5")
        assert client.post(URL, HTTP_X_FORWARDED_FOR="203.0.113.5").status_code == 429
        assert client.post(URL, HTTP_X_FORWARDED_FOR="198.51.100.1").status_code == 401
