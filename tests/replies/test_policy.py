from typing import Any

import pytest

from replies.policy import may_reply

FINE: dict[str, Any] = {
    "label": "agree",
    "sender_kind": "number",
    "segments": 1,
    "enabled": True,
    "opted_out": False,
}


@pytest.mark.parametrize("label", ["agree", "disagree", "neutral"])
def test_it_allows_a_reply_to_a_number_with_a_verdict(label: str) -> None:
    assert may_reply(**FINE | {"label": label}).allowed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"enabled": False}, "auto_reply_disabled"),
        ({"sender_kind": "short_code"}, "not_a_phone_number"),
        ({"sender_kind": "alphanumeric"}, "not_a_phone_number"),
        ({"sender_kind": "unknown"}, "not_a_phone_number"),
        ({"opted_out": True}, "opted_out"),
        ({"opted_out": True, "label": "undecided"}, "opted_out"),
        ({"opted_out": True, "when_stale": "answer"}, "opted_out"),
        ({"opted_out": True, "sounds_like_opt_out": True}, "opted_out"),
        ({"label": "undecided"}, "undecided"),
        ({"sounds_like_opt_out": True}, "sounds_like_opt_out"),
        ({"sounds_like_opt_out": True, "when_stale": "answer"}, "sounds_like_opt_out"),
        ({"when_stale": "hold"}, "held"),
        ({"when_stale": "skip"}, "stale"),
        ({"segments": 3}, "too_long"),
        ({"segments": 3, "when_stale": "hold"}, "too_long"),  # what is held may be sent later, as it is
        ({"segments": 3, "label": "undecided"}, "undecided"),
    ],
)
def test_it_gives_the_reason_of_a_refusal(settings: Any, change: dict[str, Any], reason: str) -> None:
    settings.SMS_MAX_SEGMENTS = 2
    decision = may_reply(**FINE | change)
    assert (decision.allowed, decision.reason) == (False, reason)
    assert decision.explanation


def test_it_names_the_switch_first_when_several_reasons_hold() -> None:
    wrong = {"label": "undecided", "sender_kind": "unknown", "segments": 99, "opted_out": True}
    assert may_reply(**FINE | wrong | {"enabled": False}).reason == "auto_reply_disabled"


def test_it_allows_as_many_segments_as_the_setting_says(settings: Any) -> None:
    settings.SMS_MAX_SEGMENTS = 2
    assert may_reply(**FINE | {"segments": 2}).allowed
    explanation = may_reply(**FINE | {"segments": 5}).explanation
    assert explanation == "The text takes 5 SMS segments, and SMS_MAX_SEGMENTS allows 2."
