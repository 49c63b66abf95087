"""The shipped language packs, as data."""

from collections import defaultdict

import pytest

from classification.engines.rules.checking import fits
from classification.engines.rules.document import LexiconKind, Match, RuleEntry
from classification.engines.rules.engine import Rules
from classification.engines.rules.lexicon import WORD
from classification.engines.rules.packs import shipped
from classification.engines.rules.patterns import parsed
from classification.rulesets.words import problems

RULES = Rules(shipped())
NAMED = [rule for rule in shipped().rules if rule.should_match or rule.should_not_match]


@pytest.mark.parametrize("rule", NAMED, ids=lambda rule: rule.name)
def test_every_rule_fits_what_it_says_it_fits(rule: RuleEntry) -> None:
    assert [text for text in rule.should_match if not fits(rule, text, RULES)] == []
    assert [text for text in rule.should_not_match if fits(rule, text, RULES)] == []


def test_the_rules_that_decide_most_say_what_they_fit() -> None:
    silent = {rule.name for rule in shipped().rules} - {rule.name for rule in NAMED}
    assert {"en.yes", "en.unsure", "tl.yes", "tl.no", "ceb.no", "ilo.yes", "hil.yes"}.isdisjoint(silent)


def test_every_spelling_becomes_a_word_that_something_knows() -> None:
    lexicon = [word for word in shipped().lexicon if word.kind != LexiconKind.VARIANT]
    texts = [text for rule in shipped().rules for text in (*rule.patterns, *rule.before)]
    texts += [text for word in lexicon for text in (word.term, word.becomes)]
    known = {word for text in texts for word in WORD.findall(text)}
    unknown = {word.becomes for word in shipped().lexicon if word.kind == LexiconKind.VARIANT} - known
    assert unknown == set()


def test_every_word_can_be_found() -> None:
    variants = {word.term: word.becomes for word in shipped().lexicon if word.kind == LexiconKind.VARIANT}
    assert [told for word in shipped().lexicon for told in problems(word, variants)] == []


def test_no_spelling_is_spelled_differently_again() -> None:
    variants = {word.term: word.becomes for word in shipped().lexicon if word.kind == LexiconKind.VARIANT}
    assert {term: becomes for term, becomes in variants.items() if becomes in variants} == {}


def test_no_pattern_is_hidden_by_the_same_pattern_with_another_meaning() -> None:
    meanings: dict[tuple[object, ...], set[tuple[str, str]]] = defaultdict(set)
    for rule in shipped().rules:
        if rule.before or rule.leads or rule.match != Match.PHRASE:
            continue
        for text in rule.patterns:
            elements = tuple(parsed(text, RULES.lexicon.spelled, RULES.lexicon.classes))
            meanings[elements, rule.strength].add((rule.category, rule.name))
    twice = {
        names for names in map(frozenset, meanings.values()) if len({category for category, _ in names}) > 1
    }
    assert twice == set()


def test_no_pattern_is_made_of_words_that_may_all_be_missing() -> None:
    hollow = [
        (rule.name, text)
        for rule in shipped().rules
        if rule.match != Match.REGEX
        for text in rule.patterns
        if all(element.optional for element in parsed(text, RULES.lexicon.spelled, RULES.lexicon.classes))
    ]
    assert hollow == []


def test_it_speaks_the_languages_of_its_people() -> None:
    assert {rule.language for rule in shipped().rules} == {
        "",
        "en",
        "tl",
        "ceb",
        "ilo",
        "hil",
        "war",
        "pam",
        "bcl",
    }
