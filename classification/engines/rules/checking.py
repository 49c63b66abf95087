"""What is wrong with a rule, told before it is saved."""

from collections.abc import Iterator
from time import thread_time

import regex
from pydantic import ValidationError

from classification.engines.rules.document import Document, Match, RuleEntry
from classification.engines.rules.engine import Rules, rules_of

PROBE_LENGTH = 5_000  # characters
PROBE_SECONDS = 0.05  # of its own work, on one probe ...
PROBE_TIMEOUT = 1.0  # ... and by the clock: on a busy machine much of that is waiting
MAX_LETTERS_PROBED = 12
SYNTAX = frozenset(r"\()[]{}|?*+^$ ")  # of expressions: what else stands in one may be in a text


def check_rule(rule: RuleEntry, document: Document) -> list[str]:
    """The problems of `rule` as a part of `document`, in words; none when it can be saved.

    A rule of the same name in the document is replaced.
    """
    if runaways := _runaways(rule):
        return runaways
    try:
        rules = rules_of(_with(rule, document))
    except ValidationError as error:
        return [problem["msg"].removeprefix("Value error, ") for problem in error.errors()]
    except ValueError as error:
        return [str(error)]
    return _misses(rule, rules)


def check_rules(document: Document) -> list[str]:
    """The problems of all its rules, each named. Compiled once; what runs away must not meet the others' texts."""
    if runaways := [f"rule {rule.name}: {told}" for rule in document.rules for told in _runaways(rule)]:
        return runaways
    try:
        rules = rules_of(document)
    except ValueError as error:
        return [str(error)]
    return [f"rule {rule.name}: {told}" for rule in document.rules for told in _misses(rule, rules)]


def _runaways(rule: RuleEntry) -> list[str]:
    found = [text for text in rule.patterns if rule.match == Match.REGEX and _runs_away(text, rule)]
    return [f"{text}: takes too long on a text of {PROBE_LENGTH} characters" for text in found]


def _misses(rule: RuleEntry, rules: Rules) -> list[str]:
    missed = [
        f"should match: {text}{_instead(text, rules)}"
        for text in rule.should_match
        if not fits(rule, text, rules)
    ]
    return missed + [f"should not match: {text}" for text in rule.should_not_match if fits(rule, text, rules)]


def _instead(text: str, rules: Rules) -> str:
    """What is found there instead, in brackets."""
    lines = [rules.line(line) for line in text.split("\n")]
    names = dict.fromkeys(hit.rule for line in lines for hit in line.hits)
    return f" (found: {', '.join(names)})" if names else ""


def _with(rule: RuleEntry, document: Document) -> Document:
    if rule in document.rules:
        return document
    others = [other for other in document.rules if other.name != rule.name]
    return Document(**dict(document) | {"rules": (*others, rule)})


def fits(rule: RuleEntry, text: str, rules: Rules) -> bool:
    """Whether the rule finds its words in the text, as they are meant: not negated, not asked."""
    found = [hit for line in text.split("\n") for hit in rules.line(line).hits]
    return any(hit.rule == rule.name and not hit.negated for hit in found)


def _runs_away(pattern: str, rule: RuleEntry) -> bool:
    try:
        expression = regex.compile(pattern, regex.IGNORECASE)
        return any(_takes_long(expression, probe) for probe in _probes(pattern, rule))
    except regex.error:
        return False  # it does not even compile, which is told in its own words


def _takes_long(expression: regex.Pattern[str], probe: str) -> bool:
    began = thread_time()
    try:
        expression.search(probe, timeout=PROBE_TIMEOUT)
    except TimeoutError:
        return True
    return thread_time() - began > PROBE_SECONDS


def _probes(pattern: str, rule: RuleEntry) -> Iterator[str]:
    """Texts that make an expression try again and again: long runs of what it looks for, and then something else."""
    letters = dict.fromkeys(character for character in pattern.lower() if character not in SYNTAX)
    seeds = ["a", "1", " ", "a ", *list(letters)[:MAX_LETTERS_PROBED], "".join(letters), *rule.should_match]
    for seed in filter(None, seeds):
        run = (seed * PROBE_LENGTH)[: PROBE_LENGTH - 1]
        yield run + "!"
        yield "!" + run
