"""An answer that comes late is one; "cant" or "ok" in the middle of a story is none. Every text is this test's own."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.rules.documents import clinic, rule

RULES = Rules(shipped())


@pytest.mark.parametrize(
    "text",
    [
        "heavy traffic near the mall again / three jeeps passed already / cant even cross the street",
        "teacher gave back our essays today, most of them not accepted by the new examiner",
        "watching the finals at marks place tonight, his sister cooked adobo ok",
        "lunch with grandma at the new noodle place near church, her soup came cold ok",
    ],
)
def test_a_story_answers_nothing(text: str) -> None:
    assert RULES.read(text.split(" / ")).label == Label.NEUTRAL


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("PEDRO REYES GRADE 6 SECTION MABINI YES", Label.AGREE),
        ("Pedro Reyes, Purok 2, family of six with two seniors, cannot evacuate", Label.DISAGREE),
        ("Pedro Reyes Monday 2pm tooth extraction cancel", Label.DISAGREE),
        ("Regarding your text about the blood drive at the gym, willing to donate two bags", Label.AGREE),
        ("Nanay po ito ni Ben Cruz ng grade 2, payag po na sumama sya sa field trip", Label.AGREE),
        ("The river near our house rose last night and I cannot leave my parents alone", Label.DISAGREE),
        (
            "May lagnat yung bunso at walang magbabantay sa bahay kaya di makakapunta bukas ng umaga",
            Label.DISAGREE,
        ),
        ("Three nurses on our floor called in sick this morning, sure I will cover", Label.AGREE),
        ("our bus broke down near the toll gate, sorry cannot make it to the meeting", Label.DISAGREE),
        (
            "this is her daughter / mum had a bad night, she is not well, please cancel the 3:40 slot",
            Label.DISAGREE,
        ),
        ("what time is the call and where do we park / ok", Label.AGREE),
        (
            "finished my shift at the hospital early today / yes i can help carry the relief goods",
            Label.AGREE,
        ),
        (
            "yes / my cousin from the province is here with her kids / cant wait to see the parade",
            Label.AGREE,
        ),
        (
            "i can help tonight / the kids are asleep and the car is fixed / wait no cannot leave them",
            Label.DISAGREE,
        ),
    ],
)
def test_an_answer_is_one_however_late(text: str, label: Label) -> None:
    assert RULES.read(text.split(" / ")).label == label


def test_what_neither_agrees_nor_refuses_may_stand_anywhere() -> None:
    rules = Rules(clinic(rule("fire", "emergency", "fire", strength="explicit")))
    told = "three houses behind the old market near our chapel on fire since ten minutes ago"
    assert rules.read([told]).label == "emergency"
