"""Whatever is written: a verdict, the same one again, with no more work than its length asks for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classification.engines.rules.document import LexiconKind, Match
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.rules.documents import reads, rule, words

RULES, AGAIN = Rules(shipped()), Rules(shipped())
WORDS = st.sampled_from(sorted(RULES.lexicon.vocabulary))
SENTENCES = st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=5)


@given(st.one_of(SENTENCES, st.lists(st.text(max_size=200), max_size=5)))
@settings(deadline=None)
def test_it_has_the_same_verdict_twice(texts: list[str]) -> None:
    verdict = RULES.read(texts)
    assert verdict == RULES.read(texts) == AGAIN.read(texts)
    assert verdict.label in (Label.AGREE, Label.DISAGREE, Label.NEUTRAL)
    assert verdict.confidence is not None
    assert 0 <= verdict.confidence <= 1
    assert len(verdict.trace["hits"]) <= 20
    assert not verdict.matters or verdict.matters[0].label == verdict.label


STEPS = 20_000_000  # calls of functions; the floods below take at most a quarter of them


@contextmanager
def bounded_steps() -> Iterator[None]:
    """What runs within fails at once where it takes more steps: a count that no busy machine changes."""
    taken = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal taken
        taken += event == "call"
        assert taken <= STEPS

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)


# Texts that would take minutes if any step looked at every pair of words; each takes a fraction of a second.
FLOODS = [
    "yes no ",
    "i will ",
    "not so so very really ",
    "k\n",
    "a",
    "x'",
    "? ",
    "busy\n",
    "but ",
    "also one two three. ",
    "nagkasakit ang " + "ko " * 50,  # adverbs, in a pattern with places for any word
    "x" + "n't" * 3_000,
]


@pytest.mark.timeout(120)  # for what no step shows: an expression that tries for ever
@pytest.mark.parametrize("flood", FLOODS)
def test_it_reads_a_flood(flood: str) -> None:
    with bounded_steps():
        RULES.read([(flood * 10_000)[:10_000]])


@pytest.mark.timeout(120)
def test_slow_expressions_cost_a_long_conversation_no_more_than_a_short_one() -> None:
    slow = [rule(f"slow{n}", "emergency", rf"(?:a|aa|aaa)+{n}", match=Match.REGEX) for n in range(10)]
    verdict = reads(*slow).read(["a" * 40] * 200)
    assert verdict.trace["timed_out"] == sorted(f"slow{n}" for n in range(10))


@pytest.mark.parametrize("gap", ["(*) (*) (*) (*) (*) (*)", "* * * * * * * * * * * *"])
def test_a_pattern_with_gaps_reads_a_flood(gap: str) -> None:
    rules = reads(rule("gap", "emergency", f"so {gap} end"), lexicon=words(LexiconKind.ADVERB, "so", "very"))
    with bounded_steps():
        rules.read(["so very " * 300])


def test_the_spellings_it_remembers_are_bounded() -> None:
    rules = Rules(shipped())
    for number in range(25_000):
        rules.lexicon.spelling(f"q{number}w")
    assert len(rules.lexicon.spelling._remembered) <= 20_000
