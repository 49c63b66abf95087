"""A token in a header."""

import json
from typing import Any

import pytest
from django.test import Client

from batches.access import issue
from batches.models import Channel
from tests.batches.conftest import URL
from tests.batches.webhook_access.conftest import Ask, path

pytestmark = pytest.mark.django_db


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
