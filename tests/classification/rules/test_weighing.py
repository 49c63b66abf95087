"""In long talk a yes or a no is taken for talk; an answer is one however long. Texts are this test's own."""

import pytest

from classification.engines.rules.document import CategoryEntry, Document, LexiconKind
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label, Meaning
from tests.classification.rules.documents import clinic, rule, words

RULES = Rules(shipped())
TALK = [
    "do bring the long ladder from the church, last time we had none and climbed on crates like goats",
    "everybody says the bridge is not fit for carabaos, mud everywhere, frogs sing, the mayor sleeps through storms",
]


@pytest.mark.parametrize("text", TALK)
def test_talk_answers_nothing_and_is_told_as_such(text: str) -> None:
    verdict = RULES.read([text])
    assert (verdict.label, verdict.sure) == (Label.NEUTRAL, False)
    assert verdict.trace["talk"] == Label.DISAGREE


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["yes"], Label.AGREE),
        (["No, my uncle told the priest that his radio is broken and their parrot sings"], Label.DISAGREE),
        (["my uncle is visiting with their parrot", "wait, he went home. so yes I can come"], Label.AGREE),
        (["Sorry doc, the road to our barangay is flooded since Monday so we cannot come"], Label.DISAGREE),
    ],
)
def test_an_answer_is_one_in_a_long_text(texts: list[str], label: Label) -> None:
    verdict = RULES.read(texts)
    assert verdict.label == label
    assert "talk" not in verdict.trace


def test_what_is_neither_yes_nor_no_counts_wherever_it_is_told() -> None:
    rules = Rules(clinic(rule("fire", "emergency", "on fire")))
    text = "the goat of our neighbor ate her curtains and then some grandmother cried, his kitchen is on fire"
    assert rules.read([text]).label == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "I want to reschedule my appointment to next week",
        "Hello, Maria here, we will come on Monday at nine with my mother and her sister",
        "please could you reschedule the appointment of my daughter Maria Santos next Monday",
    ],
)
def test_an_operators_own_rules_count_however_much_is_said(text: str) -> None:
    rules = Rules(clinic(rule("come", "confirm", "will come"), rule("move", "reschedule", "reschedule")))
    assert rules.read([text]).label in ("confirm", "reschedule")


def test_a_default_that_counts_as_a_refusal_needs_no_rule() -> None:
    no = CategoryEntry(slug="no", name="No", meaning="No.", counts_as=Meaning.DISAGREE, is_default=True)
    yes, other = (
        CategoryEntry(slug=slug, name=slug, meaning=slug, opposite="no") for slug in ("yes", "other")
    )
    rules = (rule("yes", "yes", "yes", language="en"), rule("other", "other", "never", language="en"))
    document = Document(
        categories=(no, yes, other), rules=rules, lexicon=tuple(words(LexiconKind.FILLER, "a"))
    )
    assert Rules(document).read(["yes never"]).label in ("yes", "no", "other")
