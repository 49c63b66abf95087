"""How words become clauses and matches of patterns, step by step."""

import pytest

from classification.engines.rules.clauses import clauses
from classification.engines.rules.document import LexiconKind as K
from classification.engines.rules.document import Strength
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from tests.classification.rules.documents import reads, rule, words

RULES = Rules(shipped())
YES = rule("yes", "confirm", "yes", "pupunta", "confirmed", strength=Strength.EXPLICIT)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("YESSSS", "yes"),
        ("\uff59\uff45\uff53", "yes"),
        ("can\u2019t", "can not"),
        ("don ' t", "do not"),
        ("do n't", "do not"),
        ("let 's", "let us"),
        ("d pupunta", "hindi pupunta"),
        ("nd pla pde", "hindi pala pwede"),
        ("sama dn kme", "sama dn kami"),
        ("dn know", "do not know"),
        ("we'll", "we will"),
        ("kk", "ok"),
        ("ppnta", "pupunta"),
        ("mkkpnta", "makakapunta"),
        ("confirmd", "confirmed"),
        ("appointmetn", "appointment"),
        ("aqoh", "ako"),
        ("cge2", "sige"),
        ("hang on", "wait"),
        ("wouldn't've", "would not have"),
        ("im only joking", "wait"),
        ("sige dun na lang", "sige doon na lang"),
        ("dun worry", "do not worry"),
        ("cancer", "cancer"),
        ("10.30", "1030"),
    ],
)
def test_a_word_is_read_as_it_was_meant(typed: str, meant: str) -> None:
    assert [str(clause) for clause in clauses(typed, RULES.lexicon)] == [meant]


@pytest.mark.parametrize(
    "word", ["aaaa", "not", "combing", "1000", "b2", "prince", "extensive", "tatanggalin", "matulog"]
)
def test_a_word_is_not_bent_into_another(word: str) -> None:
    assert RULES.lexicon.spelling(word) in (word, word.replace("aaaa", "a"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Yes. No, maybe", ["yes", "no", "maybe"]),
        ("ok (see you) bye", ["ok", "see you", "bye"]),
        ("yes \u2014 really", ["yes", "really"]),
        ("pa-cancel po", ["pa cancel"]),
        ("come at 10.30", ["come at 1030"]),
        ("gusto ko pero busy", ["gusto ko", "busy"]),
        ("haha ok lol", ["ok"]),
    ],
)
def test_a_text_falls_into_clauses(text: str, parts: list[str]) -> None:
    assert [str(clause) for clause in clauses(text, RULES.lexicon)] == parts


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ok?", True),
        ("what time", True),
        ("can you come", True),
        ("pwede ba bukas", True),
        ("eh who else", True),
        ("do it", False),
        ("what you said is right", False),
        ("bakit hindi", False),
        ("I can come", False),
        ("isn't that the one from last week", True),
        ("can't you come", True),
        ("isn't my number", False),
        ("so do I", False),
        ("so do I need it", True),
    ],
)
def test_it_tells_a_question_from_a_statement(text: str, asks: bool) -> None:
    assert clauses(text, RULES.lexicon)[0].asks is asks


NEGATION = words(K.NEGATOR, "not") + words(K.STOP, "and") + words(K.FILLER, "really", "the")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("not confirmed", "reschedule"),
        ("not one two confirmed", "reschedule"),
        ("not one two three confirmed", "confirm"),
        ("not really the really the confirmed", "reschedule"),
        ("not here and confirmed", "confirm"),
    ],
)
def test_a_negator_reaches_the_third_word_that_means_something(text: str, label: str) -> None:
    assert reads(YES, lexicon=NEGATION).read([text]).label == label


def test_a_negator_within_an_idiom_reaches_no_further() -> None:
    idiom = rule("fine", "", "not bad", strength=Strength.PROTECTED)
    assert reads(YES, idiom, lexicon=NEGATION).read(["not bad confirmed"]).label == "confirm"


def test_adverbs_may_stand_within_a_pattern() -> None:
    come = rule("come", "confirm", "will come")
    rules = reads(come, lexicon=words(K.ADVERB, "surely"))
    assert [rules.read([text]).label for text in ("will surely come", "will never come")] == [
        "confirm",
        "other",
    ]


def test_the_longest_pattern_wins_and_every_word_counts_once() -> None:
    short, long = rule("short", "confirm", "come"), rule("long", "complaint", "come late again")
    hits = reads(short, long).read(["come late again"]).trace["hits"]
    assert [hit["rule"] for hit in hits] == ["long"]


def test_idioms_are_found_before_patterns_and_guesses_last() -> None:
    rules = reads(
        rule("guess", "complaint", "so so bad", strength=Strength.SOFT),
        rule("phrase", "confirm", "so bad"),
    )
    assert [hit["rule"] for hit in rules.read(["so so bad"]).trace["hits"]] == ["phrase"]
