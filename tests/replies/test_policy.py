from typing import Any

import pytest

from replies.policy import may_reply

FINE: dict[str, Any] = {"label": "agree", "sender_kind": "number", "enabled": True}


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
        ({"label": "undecided"}, "undecided"),
    ],
)
def test_it_gives_the_reason_of_a_refusal(change: dict[str, Any], reason: str) -> None:
    decision = may_reply(**FINE | change)
    assert (decision.allowed, decision.reason) == (False, reason)
    assert decision.explanation


def test_it_names_the_switch_first_when_several_reasons_hold() -> None:
    assert may_reply(label="undecided", sender_kind="unknown", enabled=False).reason == "auto_reply_disabled"
