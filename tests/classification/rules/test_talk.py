"""What is told behind a yes takes nothing back of it; what decides does. Every text is this test's own."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label

RULES = Rules(shipped())


@pytest.mark.parametrize(
    "text",
    [
        "Ok. She is busy with the twins",
        "Yup. The bus will wait if it rains",
        "Sure. Your group is on duty today",
        "ya tell me the room",
        "okay tell me when",
    ],
)
def test_a_yes_stands_whatever_else_is_told(text: str) -> None:
    assert RULES.read([text]).label == Label.AGREE


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Ok. I can't make it though", Label.DISAGREE),
        ("Ok. I found another dentist so I won't be needing the slot", Label.DISAGREE),
        ("Yes. My son is not attending the trip", Label.NEUTRAL),
        ("Ok noted. My daughter cannot join them", Label.DISAGREE),
        ("Ok. Cancel it", Label.DISAGREE),
        ("Ok. Cannot make it", Label.DISAGREE),
        ("Ok. Cannot lah", Label.DISAGREE),
        ("Ok. cannot today", Label.DISAGREE),
        ("Noted. Cannot on that date", Label.DISAGREE),
        ("Ok. Will not enroll", Label.DISAGREE),
        ("Ok. Our daughter will not be vaccinated", Label.DISAGREE),
        ("Yes. Cannot on Monday", Label.NEUTRAL),
        ("Ok. Busy that day", Label.NEUTRAL),
        ("Sige po. May sakit si baby", Label.NEUTRAL),
        ("Ok. I will come if it is paid", Label.NEUTRAL),
        ("Ok. Attending if we get paid", Label.NEUTRAL),
        ("Sige. Pupunta po kung may sasakyan", Label.NEUTRAL),
        ("Ok. Do not enroll her", Label.NEUTRAL),
        ("Ok. I am down with the flu", Label.NEUTRAL),
        ("Ok if somebody covers my class", Label.NEUTRAL),
        ("Ok. Let me ask my wife first", Label.NEUTRAL),
        ("Yes but only if it is paid", Label.NEUTRAL),
    ],
)
def test_what_decides_takes_it_back(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["My flight was cancelled and the kids are with my mother. So I can come"], Label.AGREE),
        (
            ["my roommates all went home", "i don't even like the rain", "so yeah i'm coming saturday"],
            Label.AGREE,
        ),
        (["Had a family dinner, was so full. So yes I do the shift"], Label.AGREE),
        (["I said yes yesterday but the sitter quit. So I'm out"], Label.DISAGREE),
        (["I can't come. So is there another day?"], Label.DISAGREE),
        (["I refuse. So yes, cancel it"], Label.DISAGREE),
    ],
)
def test_what_begins_with_so_is_what_all_before_was_told_for(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label


@pytest.mark.parametrize(
    "text",
    [
        "exam timing is still the same wat, they have class until six every day",
        "ohh the whole office has a meeting there also, the canteen must be full by then",
        "let us know about the hostel room, your uncle hopes that all of it is ok",
        "the aunties here say the market near their church sells fish and looks ok",
    ],
)
def test_a_reason_or_praise_told_in_passing_answers_nothing(text: str) -> None:
    assert RULES.read([text]).label == Label.NEUTRAL


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("S:) on the way", Label.AGREE),
        ("no yet la", Label.DISAGREE),
        ("No lei, outside now", Label.DISAGREE),
        ("nono", Label.DISAGREE),
        ("not so early", Label.DISAGREE),
        ("my answer is no to the new hours", Label.DISAGREE),
        ("we have decided to keep our son home", Label.DISAGREE),
        ("Saturday is out for me", Label.DISAGREE),
        ("I am not agreeing to this schedule", Label.DISAGREE),
        ("no wahala", Label.AGREE),
        ("Oo", Label.AGREE),
        ("Ooooo", Label.AGREE),
        ("I just found a better deal", Label.NEUTRAL),
        ("we are both fine, thanks", Label.NEUTRAL),
        ("I bathe the dog first k", Label.NEUTRAL),
        ("I am ok", Label.NEUTRAL),
        ("tomorrow morning 8 ok", Label.AGREE),
        ("I hope so", Label.NEUTRAL),
        ("I will confirm later", Label.NEUTRAL),
        ("can't wait till you are home", Label.NEUTRAL),
        ("don't tease the dog", Label.NEUTRAL),
        ("Please don't book it", Label.DISAGREE),
        ("Please do not vaccinate my child", Label.DISAGREE),
        ("please do not inject our daughter", Label.DISAGREE),
        ("Wag nyo ibigay ang bakuna sa anak ko", Label.DISAGREE),
        ("Wag nyo po ibigay sa iba ang slot ko", Label.AGREE),
        ("I just can't sleep", Label.NEUTRAL),
        ("no use of crying", Label.NEUTRAL),
        ("oh ya i forgot the keys", Label.NEUTRAL),
    ],
)
def test_words_that_people_use(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label
