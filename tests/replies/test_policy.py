"""The rules one by one, without a database; through the whole pipeline they are in tests/batches/may_reply/."""

from typing import Any

import pytest

from replies.case import Case, Rule, Terms
from replies.models import ReplyKind
from replies.policy import FOR_A_PERSON, REASONS, RULES, decide, decide_again
from replies.standing import Standing

NUMBER = "+639171234567"
OUT = Standing(opted_out=True)


def case(**changes: Any) -> Case:
    known: dict[str, Any] = {"to": NUMBER, "channel_id": 1, "label": "agree", "texts": ["Yes"]}
    return Case(**known | changes)


@pytest.mark.parametrize("label", ["agree", "disagree", "neutral"])
def test_it_allows_a_reply_to_a_number_with_a_verdict(label: str) -> None:
    assert decide(case(label=label)).allowed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"terms": Terms(enabled=False)}, "auto_reply_disabled"),
        ({"standing": Standing(stopped="All replies are stopped")}, "stopped"),
        ({"sender_kind": "short_code"}, "short_code"),
        ({"sender_kind": "alphanumeric"}, "alphanumeric_sender"),
        ({"sender_kind": "unknown"}, "unreadable_sender"),
        ({"to": "911", "sender_kind": "short_code", "terms": Terms(short_codes=True)}, "emergency_number"),
        ({"terms": Terms(own_numbers=frozenset({NUMBER}))}, "own_number"),
        ({"standing": OUT}, "opted_out"),
        ({"standing": OUT, "label": "undecided"}, "opted_out"),
        ({"standing": OUT, "when_stale": "answer"}, "opted_out"),
        ({"standing": OUT, "sounds_like_opt_out": True}, "opted_out"),
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
    decision = decide(case(**change))
    assert (decision.allowed, decision.reason) == (False, reason)
    assert decision.explanation


def test_it_names_the_switch_first_when_several_reasons_hold() -> None:
    wrong = {"label": "undecided", "sender_kind": "unknown", "segments": 99, "standing": OUT}
    assert decide(case(**wrong, terms=Terms(enabled=False))).reason == "auto_reply_disabled"


def test_it_allows_as_many_segments_as_the_setting_says(settings: Any) -> None:
    settings.SMS_MAX_SEGMENTS = 2
    assert decide(case(segments=2)).allowed
    explanation = decide(case(segments=5)).explanation
    assert explanation == "The text takes 5 SMS segments, and SMS_MAX_SEGMENTS allows 2."


def test_right_before_the_call_it_asks_what_may_have_changed() -> None:
    settled = {"label": "undecided", "when_stale": "hold", "sounds_like_opt_out": True, "segments": 99}
    assert decide_again(case(**settled)).allowed
    assert decide_again(case(**settled, standing=OUT)).reason == "opted_out"
    assert decide_again(case(**settled, standing=Standing(stopped="by ana"))).reason == "stopped"


@pytest.mark.parametrize("kind", ["stop", "start", "help"])
def test_consent_forbids_no_answer_to_a_command(kind: str) -> None:
    out = OUT if kind != "start" else Standing()
    assert decide(case(kind=ReplyKind(kind), standing=out, texts=[])).allowed


def test_every_rule_has_a_name_and_explains_itself() -> None:
    assert len(REASONS) == len(set(REASONS))
    assert all(rule.name for rule in RULES)
    assert set(REASONS) >= FOR_A_PERSON
    assert all(len(rule.name) <= 64 for rule in RULES)


def test_another_rule_is_one_more_line() -> None:
    vip = Rule("vip", "A person answers this one.", lambda case: case.to == NUMBER)
    assert decide(case(), [*RULES, vip]).reason == "vip"
