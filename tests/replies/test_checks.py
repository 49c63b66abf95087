from typing import Any

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize(
    ("sender", "key", "enabled", "expected"),
    [
        ("console", "", True, ["replies.W001"]),
        ("console", "", False, []),
        ("console", "a key", True, []),
        ("smsmobileapi", "", False, ["replies.W003"]),
        ("smsmobileapi", "a key", True, []),
        ("memory", "", False, ["replies.W002"]),
        ("smsgate", "", False, ["replies.E002"]),
    ],
)
def test_it_warns_of_settings_that_send_nothing(
    settings: Any, sender: str, key: str, enabled: bool, expected: list[str]
) -> None:
    settings.SMS_SENDER, settings.SMS_MOBILE_API_KEY, settings.SMS_AUTO_REPLY_ENABLED = sender, key, enabled
    found = [message.id for message in run_checks() if str(message.id).startswith("replies.")]
    assert found == expected
