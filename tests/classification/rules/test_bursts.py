"""What the texts of a burst do to each other. Every text here was written for this test."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.engines.rules.texts import said
from classification.labels import Label

RULES = Rules(shipped())


@pytest.mark.parametrize(
    ("burst", "texts"),
    [
        ("yes / but only today", ["yes but only today"]),
        ("can you help / please", ["can you help please"]),
        ("fine / and you", ["fine and you"]),
        ("if no exam / i go", ["if no exam i go"]),
        ("if no exam, i go / ok", ["if no exam, i go", "ok"]),
        ("i cant cime / *come", ["i cant come"]),
        ("see you at the cort / court*", ["see you at the court"]),
        ("NI / *no", ["no"]),
        ("hello / *wave*", ["hello", "*wave*"]),
        ("hello / *yes", ["hello", "*yes"]),
        ("", [""]),
    ],
)
def test_a_text_goes_on_with_the_one_before_or_puts_it_right(burst: str, texts: list[str]) -> None:
    assert said(burst.replace(" / ", "\n"), RULES.lexicon) == texts


@pytest.mark.parametrize(
    ("burst", "label"),
    [
        # Both yes and no, and then not knowing.
        ("yes / no / dunno", Label.NEUTRAL),
        ("yes / no / see you", Label.DISAGREE),
        ("yes / wait no / not sure when next", Label.DISAGREE),
        # A reason to refuse that is told in passing.
        ("shattered / 14 hr flight / bath", Label.NEUTRAL),
        ("shattered / sorry / 14 hr flight", Label.DISAGREE),
        ("have class / 2 to 5", Label.DISAGREE),
        ("night / dun snore so loud / piggy", Label.NEUTRAL),
        # A yes that greets good news.
        ("yesss / chelsea scored / whole pub jumping", Label.NEUTRAL),
        ("yesss / coming", Label.AGREE),
        # A changed mind.
        ("no i got tuition / wait its cancelled / ok coming", Label.AGREE),
        ("cannot / wait really cannot / ok thanks", Label.DISAGREE),
        ("no way / only messing / course i will come", Label.AGREE),
        ("nah im broke / hang on / dad paid / go on then il come", Label.AGREE),
        ("cannot / eh dad say can / ok i go", Label.AGREE),
        # What it depends on, and what depends on it.
        ("kung papayag si tatay / sama ako", Label.NEUTRAL),
        ("if you say so / ok", Label.AGREE),
        # The firmer of two that say the same stands.
        ("sige / kunin ko na po / send mo na lang ang number", Label.AGREE),
        ("how much / pls", Label.NEUTRAL),
        ("ok lah / i wait downstairs / dun start eating w/o me", Label.AGREE),
        ("not intrested / *interested", Label.DISAGREE),
        # Yes to one thing and no to another.
        ("yes to monday / no to tuesday", Label.NEUTRAL),
        ("no to the first dose / yes to the second", Label.NEUTRAL),
        ("yes to monday / no to tuesday / ok yes to both", Label.AGREE),
        ("yes to monday / wait no to monday", Label.DISAGREE),
        ("on the first question yes / on the second no", Label.NEUTRAL),
        ("saturday ok / sunday i cannot", Label.NEUTRAL),
        ("I can do the morning but not the evening", Label.NEUTRAL),
        # Why somebody asks is no reason to refuse.
        ("may lagnat po yung bunso / pwede po ba siyang isama?", Label.NEUTRAL),
        ("the twins are down with measles, what about their exams?", Label.NEUTRAL),
        ("sorry im on duty / who else can go?", Label.DISAGREE),
    ],
)
def test_it_reads_a_burst_as_a_whole(burst: str, label: Label) -> None:
    assert RULES.read(burst.split(" / ")).label == label
