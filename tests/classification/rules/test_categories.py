"""Rules of an operator's own, for categories of his own."""

import pytest

from classification.engines.rules.document import CategoryEntry, Document, Match, RuleEntry, Strength
from classification.engines.rules.engine import Rules
from classification.labels import Meaning
from tests.classification.rules.documents import clinic, reads, rule

YES = rule("yes", "confirm", "yes", "confirmed", "will come", strength=Strength.EXPLICIT)
COME = rule("come", "confirm", "can come", "come")
MOVE = rule("move", "reschedule", "another day", "move it")
BROKEN = rule("broken", "complaint", "aircon", "rude nurse")
RULES = reads(YES, COME, MOVE, BROKEN)


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        (["yes"], "confirm"),
        (["I can come"], "confirm"),
        (["I can't come"], "reschedule"),
        (["the aircon is leaking"], "complaint"),
        (["not the aircon"], "other"),
        (["yes but another day please"], "reschedule"),
        (["can I come if it rains"], "other"),
        (["when can I come"], "other"),
        (["yes", "wait another day"], "reschedule"),
        (["hello there"], "other"),
        (["yes and the aircon"], "confirm"),
        (["the aircon leaks. yes I will come"], "confirm"),
        (["the aircon leaks", "yes I will come"], "confirm"),
        (["yes I will come", "the aircon leaks"], "confirm"),
    ],
)
def test_it_reads_categories_of_any_kind(texts: list[str], label: str) -> None:
    assert RULES.read(texts).label == label


def test_what_counts_as_agreement_is_given_up_when_a_refusal_is_as_strong() -> None:
    rules = reads(COME, rule("no", "reschedule", "move it"))
    verdict = rules.read(["come. move it"])
    assert (verdict.label, verdict.sure) == ("other", False)


def test_a_category_that_comes_first_by_priority_decides_even_if_it_is_said_less_firmly() -> None:
    rules = reads(YES, rule("help", "emergency", "bleeding"))
    verdict = rules.read(["yes confirmed. grandma is bleeding"])
    assert (verdict.label, [matter.label for matter in verdict.matters]) == (
        "emergency",
        ["emergency", "confirm"],
    )


def test_a_custom_set_needs_no_word_list() -> None:
    assert Rules(clinic(YES, lexicon=[])).read(["Yes!"]).label == "confirm"


KINDS = [
    (Match.PHRASE, "need (a) doctor|nurse", ["I need a doctor", "need nurse now"], ["doctor need", "need"]),
    (Match.PHRASE, "bleed*", ["she bleeds", "bleeding badly"], ["blood"]),
    (Match.EXACT, "help me", ["Help me!", "help, me"], ["help me please", "please help me"]),
    (Match.ANY_WORD, "fire flood", ["there is a fire", "flood!"], ["fireworks"]),
    (Match.ALL_WORDS, "chest pain", ["pain in my chest", "chest pain"], ["chest", "painful chest"]),
    (Match.STARTS_WITH, "sos", ["SOS we are trapped", "sos"], ["we sent an sos"]),
    (Match.REGEX, r"\b911\b", ["call 911 now", "911"], ["9112", "no number"]),
    (Match.REGEX, r"bp \d{3}/\d{2,3}", ["BP 180/110"], ["bp is high"]),
]


@pytest.mark.parametrize(("match", "pattern", "fitting", "others"), KINDS)
def test_every_kind_of_match(match: Match, pattern: str, fitting: list[str], others: list[str]) -> None:
    rules = reads(rule("urgent", "emergency", pattern, match=match))
    assert {text: rules.read([text]).label for text in fitting} == dict.fromkeys(fitting, "emergency")
    assert {text: rules.read([text]).label for text in others} == dict.fromkeys(others, "other")


def test_an_exact_text_has_the_last_word() -> None:
    rules = reads(YES, rule("code", "emergency", "yes code red", match=Match.EXACT))
    assert rules.read(["Yes, code red"]).label == "emergency"
    assert rules.read(["yes code red soon"]).label == "confirm"


def test_an_exact_text_that_asks_is_for_rules_for_questions() -> None:
    quiet = rule("code", "emergency", "code red", match=Match.EXACT)
    loud = quiet.model_copy(update={"in_questions": True})
    assert [reads(each).read(["Code red?"]).label for each in (quiet, loud)] == ["other", "emergency"]


def test_a_negator_reaches_words_in_any_order() -> None:
    rules = reads(rule("pain", "emergency", "chest pain", match=Match.ALL_WORDS))
    assert rules.read(["no chest pain"]).label == "other"


@pytest.mark.parametrize("match", [Match.PHRASE, Match.ALL_WORDS, Match.STARTS_WITH])
def test_a_question_says_nothing_unless_the_rule_is_for_questions_too(match: Match) -> None:
    quiet = rule("payslip", "complaint", "payslip missing", match=match)
    loud = quiet.model_copy(update={"in_questions": True})
    text = "payslip missing again?"
    assert [reads(each).read([text]).label for each in (quiet, loud)] == ["other", "complaint"]


def test_a_pattern_that_leads_is_not_looked_for_further_on() -> None:
    rules = reads(rule("will", "confirm", "will come", leads=True))
    assert [rules.read([text]).label for text in ("please will come", "the bus will come")] == [
        "confirm",
        "other",
    ]


def test_words_that_are_out_of_play_hide_what_is_in_them() -> None:
    rules = reads(YES, rule("day", "", "yes day", strength=Strength.PROTECTED))
    assert [rules.read([text]).label for text in ("yes day", "yes")] == ["other", "confirm"]


def test_an_expression_that_takes_too_long_is_passed_over_and_named() -> None:
    rules = reads(YES, rule("slow", "emergency", r"(?:a|aa|aaa)+c", match=Match.REGEX))
    verdict = rules.read(["yes " + "a" * 400])
    assert (verdict.label, verdict.trace["timed_out"]) == ("confirm", ["slow"])


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("@nobody", "word class"), ("(a b", "brackets"), ("_", "no words")],
)
def test_a_pattern_that_cannot_be_read_is_an_error_that_names_its_rule(pattern: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"rule odd: .*{problem}"):
        reads(rule("odd", "confirm", pattern))


def test_a_regular_expression_that_does_not_compile_names_its_rule() -> None:
    with pytest.raises(ValueError, match="rule odd"):
        reads(rule("odd", "confirm", "(", match=Match.REGEX))


def test_opposites_by_meaning_speak_against_each_other_even_if_nobody_said_so() -> None:
    categories = (
        CategoryEntry(slug="in", name="In", meaning="In.", counts_as=Meaning.AGREE),
        CategoryEntry(slug="out", name="Out", meaning="Out.", counts_as=Meaning.DISAGREE),
        CategoryEntry(slug="else", name="Else", meaning="Else.", is_default=True),
    )
    document = Document(
        categories=categories,
        rules=(
            RuleEntry(name="in", category="in", patterns=("in",)),
            RuleEntry(name="out", category="out", patterns=("out",)),
        ),
        lexicon=(),
    )
    assert Rules(document).read(["in. out"]).label == "else"
