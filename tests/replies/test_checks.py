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


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        ("x" * 160, 1, ""),
        ("x" * 161, 1, "The text takes 2 SMS segments, and SMS_MAX_SEGMENTS allows 1."),
        ("x" * 161, 2, ""),
        ("", 1, ""),
    ],
)
def test_it_warns_of_a_text_for_all_that_is_too_long(settings: Any, text: str, most: int, told: str) -> None:
    settings.SMS_AUTO_REPLY_TEXT, settings.SMS_MAX_SEGMENTS, settings.SMS_SENDER = text, most, "console"
    found = {message.id: message.msg for message in run_checks()}
    assert found.get("replies.W004", "").endswith(told)
    assert ("replies.W004" in found) == bool(told)


@pytest.mark.parametrize("name", ["OPT_OUT_TEXT", "OPT_IN_TEXT", "HELP_TEXT"])
def test_it_warns_of_an_answer_to_a_command_that_is_too_long(settings: Any, name: str) -> None:
    settings.SMS_SENDER = "console"
    setattr(settings, name, "x" * 1000)
    [warning] = [message for message in run_checks() if message.id == "replies.W004"]
    assert warning.msg.startswith(f"{name} is never sent.")


def test_it_says_what_makes_a_text_for_all_so_long(settings: Any) -> None:
    settings.SMS_AUTO_REPLY_TEXT, settings.SMS_MAX_SEGMENTS = "x" * 70 + "’", 1
    [hint] = [message.hint for message in run_checks() if message.id == "replies.W004"]
    assert "2 (UCS-2 for ’)" in str(hint)
