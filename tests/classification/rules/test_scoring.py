"""What is found in a text weighed against each other: which words count, and how sure the verdict is."""

import pytest

from classification.engines.rules.document import Strength
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.rules.documents import reads, rule

RULES = Rules(shipped())


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("good", "confirm"),
        ("good. ok", "confirm"),
        ("good. move it", "reschedule"),
        ("ok. move it", "reschedule"),
        ("move it. ok", "reschedule"),
        ("a good text with many other words that say nothing", "other"),
    ],
)
def test_weak_words_count_where_nothing_else_is_said(text: str, label: str) -> None:
    rules = reads(
        rule("good", "confirm", "good", strength=Strength.SOFT),
        rule("ok", "confirm", "ok", strength=Strength.ACKNOWLEDGE),
        rule("move", "reschedule", "move it"),
    )
    assert rules.read([text]).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ya", Label.AGREE),
        ("ya please", Label.AGREE),
        ("ya the parking change", Label.AGREE),
        ("that new shop ya", Label.NEUTRAL),
        ("no one came", Label.NEUTRAL),
        ("no I will not", Label.DISAGREE),
        ("lovely", Label.AGREE),
        ("it was a lovely car", Label.NEUTRAL),
        ("ok the gate is open", Label.AGREE),
        ("ok what time is it?", Label.AGREE),
        ("busy tonight?", Label.NEUTRAL),
        ("it used to be ok in the old days", Label.NEUTRAL),
    ],
)
def test_some_words_say_something_alone_or_before_certain_words_only(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("sure do", Label.AGREE),
        ("sure don't", Label.DISAGREE),
        ("yes I am", Label.AGREE),
        ("please do", Label.AGREE),
        ("please don't", Label.DISAGREE),
    ],
)
def test_a_yes_does_not_end_before_the_not_of_its_own_verb(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Yes, because I have no other plans", Label.AGREE),
        ("I can help since I don't have a shift", Label.AGREE),
        ("No because I already agreed to cover for Ben", Label.DISAGREE),
        ("Because I am sick I can't go", Label.DISAGREE),
        ("ok but because of the rain I can't come", Label.DISAGREE),
        ("It's because I can't drive", Label.DISAGREE),
        ("I would love to but because my mom is sick I can't", Label.DISAGREE),
        ("Sige but because umulan hindi na ako tutuloy", Label.DISAGREE),
        ("ok cause I can't make it anyway", Label.DISAGREE),
        ("I support the cause sorry I can't come", Label.DISAGREE),
        ("I can come because I'm free if it doesn't rain", Label.NEUTRAL),
    ],
)
def test_what_follows_because_counts_where_there_is_no_other_answer(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["Yes", "I can help", "because I don't have a shift"], Label.AGREE),
        (["Sorry no", "because my sister agreed already"], Label.DISAGREE),
        (["ok", "because my mom is sick I can't"], Label.DISAGREE),
        (["Yes", "wait I can't", "because there is no ride"], Label.DISAGREE),
        (["good morning", "because there is no ride"], Label.DISAGREE),
    ],
)
def test_a_later_text_that_begins_with_because_explains_the_answer(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("yes, the lift is not working", Label.NEUTRAL),
        ("yes, the lift is working", Label.AGREE),
        ("no, the lift is working", Label.DISAGREE),
    ],
)
def test_agreement_needs_a_wider_lead_over_its_opposite(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["I would love to but I am working"], Label.DISAGREE),
        (["busy now but I can come later"], Label.AGREE),
        (["ayoko sana", "kaso kulang kayo", "sige na papasok na ko"], Label.AGREE),
        (["gusto ko", "kaso nilalagnat ako"], Label.DISAGREE),
        (["yes", "sorry wait no"], Label.DISAGREE),
        (["no", "typo, I meant yes"], Label.AGREE),
        (["ok", "hang on", "I can't, it's mum's birthday"], Label.DISAGREE),
        (["oo", "ay hindi pala"], Label.DISAGREE),
        (["hindi ako pwede", "sige"], Label.DISAGREE),
        (["yes", "let me check the address"], Label.AGREE),
        (["ok", "let me check first"], Label.NEUTRAL),
        (["yes", "by the way I cannot open the link"], Label.AGREE),
    ],
)
def test_a_later_word_takes_back_an_earlier_one_a_bare_one_does_not(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("yes", True),
        ("what time?", True),
        ("good morning po", True),
        ("xyzzy", False),
        ("something brilliant", False),
    ],
)
def test_it_is_sure_of_what_it_knows(text: str, sure: bool) -> None:
    assert RULES.read([text]).sure is sure


def test_confidence_grows_with_the_lead_and_with_firmness() -> None:
    firm, contested, weak = (RULES.read([text]) for text in ("yes", "yes. not today", "ok"))
    assert firm.confidence is not None
    assert contested.confidence is not None
    assert weak.confidence is not None
    assert firm.confidence > contested.confidence
    assert firm.confidence > weak.confidence
    assert firm.trace["margin"] == 1.0 > contested.trace["margin"]
    assert set(contested.trace["scores"]) == {"agree", "disagree"}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I'd love to help, but right now, I'm too busy", Label.DISAGREE),
        ("No thanks, I actually want to find a song", Label.DISAGREE),
        ("No, but I do need something else", Label.DISAGREE),
        ("No, I'll wait", Label.DISAGREE),
        ("No, wait, yes", Label.AGREE),
        ("Yes, correct. If it rains I'll bring an umbrella", Label.AGREE),
        ("That's correct if it rains", Label.NEUTRAL),
        ("Cannot lah, dad will scold if I reach home late", Label.DISAGREE),
        ("Yes, I need a table for two", Label.AGREE),
        ("I need a table for two", Label.NEUTRAL),
        ("Tuloy po ba ang pasok?", Label.NEUTRAL),
        ("Tuloy po, anong oras?", Label.AGREE),
        ("Can you cancel my order?", Label.DISAGREE),
        ("Can I cancel any time?", Label.NEUTRAL),
    ],
)
def test_what_follows_an_answer_is_weighed_by_what_it_can_change(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label
