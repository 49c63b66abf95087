"""A token in the path."""

import json
from typing import Any

import pytest
from django.test import Client

from batches.access import issue
from batches.models import Channel, Message
from tests.batches.webhook_access.conftest import Ask, path

pytestmark = pytest.mark.django_db


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
