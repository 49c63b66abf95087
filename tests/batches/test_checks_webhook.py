"""What is said at the start about an open webhook."""

from typing import Any

import pytest
from django.core import checks


def warnings() -> list[checks.CheckMessage]:
    return [message for message in checks.run_checks() if message.id == "batches.W005"]


def test_it_says_nothing_about_a_closed_webhook(settings: Any) -> None:
    settings.WEBHOOK_OPEN = False
    assert warnings() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_it_warns_of_an_open_one(settings: Any, host: str) -> None:
    settings.WEBHOOK_OPEN, settings.HOST = True, host
    [warning] = warnings()
    assert warning.msg == "WEBHOOK_OPEN=true: whoever reaches this server may post messages without a token"
    assert "manage.py webhook_token default" in str(warning.hint)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "sms.example.org"])  # noqa: S104
def test_it_says_plainly_that_the_network_may_post(settings: Any, host: str) -> None:
    settings.WEBHOOK_OPEN, settings.HOST = True, host
    [warning] = warnings()
    assert f"HOST={host}: everybody on the network may post messages without a token" in warning.msg
