"""What is wrong with a rule, before it is saved."""

import pytest

from classification.engines.rules.checking import check_rule
from classification.engines.rules.document import Match, RuleEntry
from classification.engines.rules.packs import shipped
from tests.classification.rules.documents import clinic, rule


@pytest.mark.parametrize(
    ("candidate", "problems"),
    [
        (rule("a", "confirm", "yes", should_match=["yes po"], should_not_match=["yes?", "not yes"]), []),
        (rule("a", "confirm", "yes", should_match=["oo"]), ["should match: oo"]),
        (rule("a", "confirm", "yes", should_match=["yes?"]), ["should match: yes? (found: question)"]),
        (rule("a", "confirm", "ye*", should_not_match=["yellow"]), ["should not match: yellow"]),
        (rule("a", "nowhere", "yes"), ["rule a: unknown category nowhere"]),
        (rule("a", "confirm", "@odd"), ["rule a: @odd: unknown word class @odd"]),
        (rule("a", "confirm", "[a-z", match=Match.REGEX), ["rule a: [a-z: "]),
        (rule("a", "confirm", r"ref \d+", match=Match.REGEX, should_match=["ref 12"]), []),
        (rule("a", "confirm", r"(?:a|aa|aaa)+c", match=Match.REGEX), ["(?:a|aa|aaa)+c: takes too long"]),
        (rule("a", "confirm", r"(\w+\s?)+$x", match=Match.REGEX), [r"(\w+\s?)+$x: takes too long"]),
        (rule("a", "confirm", r"(#|##)+x", match=Match.REGEX), [r"(#|##)+x: takes too long"]),
        (rule("a", "confirm", r"(\.|\.\.)+x", match=Match.REGEX), [r"(\.|\.\.)+x: takes too long"]),
        (
            rule("a", "confirm", "\N{GRINNING FACE}", match=Match.REGEX, should_match=["\N{GRINNING FACE}"]),
            [],
        ),
        (rule("a", "confirm", "(a) (b) (c) (d) (e) (f) g"), []),
        (
            rule("a", "confirm", "(a) (b) (c) (d) (e) (f) (g) h"),
            ["rule a: (a) (b) (c) (d) (e) (f) (g) h: at most 6"],
        ),
        (rule("a", "confirm", "()"), ["rule a: (): a word is missing"]),
        (rule("a", "confirm", "yes|"), ["rule a: yes|: a word is missing"]),
    ],
)
def test_it_tells_what_is_wrong(candidate: RuleEntry, problems: list[str]) -> None:
    found = check_rule(candidate, clinic())
    assert len(found) == len(problems)
    assert all(told.startswith(problem) for told, problem in zip(found, problems, strict=True))


def test_a_rule_replaces_the_one_of_its_name() -> None:
    document = clinic(rule("a", "confirm", "oo"))
    assert check_rule(rule("a", "confirm", "yes", should_not_match=["oo"]), document) == []


def test_a_rule_that_another_one_hides_does_not_match() -> None:
    document = clinic(rule("day", "", "yes day", strength="protected"))
    assert check_rule(rule("a", "confirm", "yes", should_match=["yes day"]), document) == [
        "should match: yes day (found: day)"
    ]


def test_a_shipped_rule_has_no_problem() -> None:
    assert check_rule(shipped().rules[0], shipped()) == []
