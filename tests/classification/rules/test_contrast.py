"""What follows "but" in the next text, and "ok" as a question behind a request."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label

RULES = Rules(shipped())


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["Yes", "I can help", "but only after 6"], Label.NEUTRAL),
        (["Yes", "I can help but only after 6"], Label.NEUTRAL),
        (["Oo", "pwede ako", "pero after 6 pa"], Label.NEUTRAL),
        (["Yes", "but I can't"], Label.DISAGREE),
        (["Yes!", "But my car broke down and I can't"], Label.DISAGREE),
        (["I'm busy", "but ok I will come"], Label.AGREE),
        (["I don't have a car", "but I can come"], Label.AGREE),
        (["No", "but thanks for asking"], Label.DISAGREE),
        (["Yes", "I will be there but a bit late"], Label.AGREE),
        (["but yes"], Label.AGREE),
    ],
)
def test_a_text_that_begins_with_but_goes_on_with_the_one_before(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["No", "but I can on Friday"], Label.NEUTRAL),
        (["Not Tuesday but Thursday works"], Label.NEUTRAL),
        (["Can't on Monday", "but Wednesday afternoon is ok", "do you have anything then?"], Label.NEUTRAL),
        (["Thursday works"], Label.AGREE),
        (["not Tuesday"], Label.DISAGREE),
    ],
)
def test_who_cannot_but_names_another_day_has_not_agreed(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Tell the others ok", Label.NEUTRAL),
        ("Class moved to room 302, bring your book ok", Label.NEUTRAL),
        ("Thank you for the reminder ok", Label.AGREE),
        ("See you tomorrow ok", Label.AGREE),
        ("Rem to take ur medicine ok", Label.NEUTRAL),
        ("You find other people ok", Label.NEUTRAL),
        ("No need ok", Label.DISAGREE),
        ("your plan is ok", Label.AGREE),
        ("8 is ok", Label.AGREE),
        ("ok tell the others", Label.AGREE),
        ("you are right", Label.AGREE),
    ],
)
def test_ok_behind_a_request_asks_for_an_answer(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("kay", Label.AGREE),
        ("Kay thanks", Label.AGREE),
        ("kay naa koy klase", Label.DISAGREE),
        ("dili ko makaadto kay masakit akong anak", Label.DISAGREE),
    ],
)
def test_kay_is_ok_alone_and_because_in_cebuano(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["cge ate", "ay d pla pde"], Label.DISAGREE),
        (["yes wait no, cancel it"], Label.DISAGREE),
        (["no wait yes I do want that"], Label.AGREE),
        (["brownout kanina kaya ngayon ko lang nabasa"], Label.NEUTRAL),
        (["miss you na mahal, uwi ka na"], Label.NEUTRAL),
        (["mahal masyado"], Label.DISAGREE),
        (["she said yes!", "I am so happy"], Label.NEUTRAL),
        (["I am happy to"], Label.AGREE),
        (["Sure thing", "text me lang pag nandyan ka na"], Label.AGREE),
        (["asa na ka dapit"], Label.NEUTRAL),
        (["ok wait no problem"], Label.AGREE),
        (["no wait ok I can't"], Label.DISAGREE),
        (["text kita pag pwede na ako"], Label.NEUTRAL),
        (["pag balik ko pwede ako"], Label.NEUTRAL),
        (["sabi ni papa hindi ako sasama"], Label.DISAGREE),
        (["dili unta ko moadto"], Label.DISAGREE),
        (["leave it at that"], Label.DISAGREE),
        (["sorry mahal po"], Label.DISAGREE),
        (["i dn wish to join"], Label.DISAGREE),
        (["Ako dn agree"], Label.AGREE),
        (["I'm free nd available"], Label.AGREE),
        (["lilipat po ako ng school"], Label.DISAGREE),
        (["Oo", "ay mali napindot ko", "NO po ang sagot ko"], Label.DISAGREE),
        (["G lang, sabihin mo lang kung anong oras"], Label.AGREE),
        (["Wala pa akong maisagot"], Label.NEUTRAL),
        (["Nope", "the bond is 3 yrs it seems"], Label.DISAGREE),
        (["Acha ok, I will wait near the gate no 2"], Label.AGREE),
        (["I love you so much"], Label.NEUTRAL),
        (["Oo pupunta ako", "wag ka na magtampo"], Label.AGREE),
        (["wag ka na mag expect"], Label.DISAGREE),
        (["The management has rejected your offer"], Label.DISAGREE),
        (["The court has rejected the appeal"], Label.NEUTRAL),
        (["sama dn ako"], Label.AGREE),
        (["Ok ya", "I vl give ur cd tmrw"], Label.AGREE),
        (["Sry ya", "I hvnt started yet"], Label.NEUTRAL),
        (["hey di ako pupunta"], Label.DISAGREE),
        (["kaya ko po yan", "send nyo lang po details"], Label.AGREE),
        (["ang tagal nyo hindi ko na itutuloy"], Label.DISAGREE),
        (["yes man im coming"], Label.AGREE),
        (["i know thanks"], Label.NEUTRAL),
        (["it looks as if we will make it"], Label.AGREE),
    ],
)
def test_a_word_that_means_two_things_is_read_by_what_is_around_it(texts: list[str], label: Label) -> None:
    assert RULES.read(texts).label == label
