"""From a token's making to its end."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from batches.access import issue, revoke, tokens
from batches.models import Channel, ChannelToken
from batches.tokens import MARK
from tests.batches.test_webhook import statements
from tests.batches.webhook_access.conftest import Ask, path

pytestmark = pytest.mark.django_db


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
