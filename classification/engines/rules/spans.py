"""Which patterns are used at which words of a clause."""

from collections.abc import Sequence
from dataclasses import dataclass

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.patterns import Node, Rule
from classification.labels import Meaning

TOLD_OF_ONESELF = 3  # words: behind so many of them an "ok" asks for one
FIRMNESS = {strength: -number for number, strength in enumerate(Strength)}


@dataclass(frozen=True)
class Span:
    """The words `at` to `end` of a clause, taken by a rule."""

    at: int
    end: int
    rule: Rule


def spans(clause: Clause, lexicon: Lexicon) -> list[Span]:
    """The longest pattern at each place, idioms before all others and guesses last; every word is used once.

    What stands beside an answer is seen there, too, where words are out of play for yes and no alone: "my payslip is
    wrong" answers nothing, and may be a matter.
    """
    candidates = [list(_candidates(at, clause, lexicon)) for at in range(len(clause.words))]
    found = _placed(candidates)
    if lexicon.own:
        beside = _placed(
            [[span for span in each if _stands_beside(span.rule, lexicon)] for each in candidates]
        )
        found += [span for span in beside if span.rule.label and not _meets(span, found, lexicon)]
    return sorted(found, key=lambda span: span.at)


def _stands_beside(rule: Rule, lexicon: Lexicon) -> bool:
    return rule.hides_all or (rule.label in lexicon.own and rule.strength is not Strength.SOFT)


def _meets(span: Span, found: Sequence[Span], lexicon: Lexicon) -> bool:
    """Whether some of its words speak for a category that stands beside an answer already."""
    own = (other for other in found if other.rule.label in lexicon.own)
    return any(other.at < span.end and span.at < other.end for other in own)


def _placed(candidates: Sequence[Sequence[Span]]) -> list[Span]:
    """Of the candidates at each place those that are used."""
    free = [True] * len(candidates)
    found: list[Span] = []
    for order in range(3):
        for at, longest_first in enumerate(candidates):
            for span in longest_first:
                if _order(span) == order and all(free[at : span.end]):
                    found.append(span)
                    free[at : span.end] = [False] * (span.end - at)
                    break
    return found


def _order(span: Span) -> int:
    return {Strength.PROTECTED: 0, Strength.SOFT: 2}.get(span.rule.strength, 1)


def ends(words: Sequence[str], at: int, node: Node, lexicon: Lexicon) -> list[tuple[int, Rule]]:
    """Where patterns that begin at `at` end. Adverbs between their words are passed over.

    Each place of the pattern is tried once at each word: an adverb that fits and may be passed over as well would
    else double the ways at every word.
    """
    found: list[tuple[int, Rule]] = []
    _follow(words, at, node, lexicon.groups[LexiconKind.ADVERB], set(), found)
    return found


def _follow(
    words: Sequence[str],
    at: int,
    node: Node,
    passed_over: frozenset[str],
    tried: set[tuple[int, int]],
    found: list[tuple[int, Rule]],
) -> None:
    for following in node.after(words[at]):
        for rule in following.rules:
            found.append((at + 1, rule))
        if following.edges and (id(following), at) not in tried:
            tried.add((id(following), at))
            onward = at + 1
            while onward < len(words):
                _follow(words, onward, following, passed_over, tried, found)
                if words[onward] not in passed_over:
                    break
                onward += 1


def _candidates(at: int, clause: Clause, lexicon: Lexicon) -> list[Span]:
    if clause.words[at] not in lexicon.phrases.by_word and not lexicon.phrases.by_prefix:
        return []
    found = [Span(at, end, rule) for end, rule in ends(clause.words, at, lexicon.phrases, lexicon)]
    allowed = [span for span in found if _is_allowed(span, clause, lexicon)]
    return sorted(allowed, key=lambda span: (-span.end, -FIRMNESS[span.rule.strength]))


def _is_allowed(span: Span, clause: Clause, lexicon: Lexicon) -> bool:
    rest = clause.words[span.end :]
    if span.rule.before and rest and rest[0] not in span.rule.before:
        return False
    if (
        _is_taken_back(span, clause, lexicon)
        or _is_tag(span, clause, lexicon)
        or _is_others(span, clause, lexicon)
    ):
        return False
    fillers = lexicon.groups[LexiconKind.FILLER]
    if span.rule.leads and not lexicon.mere_fillers.issuperset(clause.words[: span.at]):
        return False
    if span.rule.strength is not Strength.ALONE:
        return True
    corrections = lexicon.groups[LexiconKind.CORRECTION]
    before = (word in fillers or word in corrections for word in clause.words[: span.at])
    return fillers.issuperset(rest) and all(before)


def _is_taken_back(span: Span, clause: Clause, lexicon: Lexicon) -> bool:
    """Whether a yes would end before the "not" of its own verb: "sure does not", "yes I am not"."""
    says_yes = span.rule.label and lexicon.meaning(span.rule.label) == Meaning.AGREE
    if not says_yes or clause.words[span.end : span.end + 1] != ("not",):
        return False
    return clause.words[span.end - 1] in lexicon.deniable


def _is_tag(span: Span, clause: Clause, lexicon: Lexicon) -> bool:
    """Whether it asks for an answer and is none: "tell the others ok", "I go home now ok". "Your plan is ok" is one."""
    classes = lexicon.classes
    behind = clause.words[span.end :]
    if behind or not classes.get("tag", frozenset()).issuperset(clause.words[span.at : span.end]):
        return False
    requesting, speaker, states, answering = (
        classes.get(name, frozenset()) for name in ("requesting", "speaker", "be", "answering")
    )
    before = clause.words[: span.at]
    first = next((word for word in before if word not in lexicon.mere_fillers), "")
    asked = len(before) > 1 and first in requesting
    told = len(before) > TOLD_OF_ONESELF and first in speaker
    return (asked or told) and before[-1] not in states | answering


def _is_others(span: Span, clause: Clause, lexicon: Lexicon) -> bool:
    """Whether somebody else does it: "hope you can make it", "my brother does not like that", "he refused"."""
    if not span.rule.label or clause.words[span.at] not in lexicon.done_by_somebody:
        return False
    speaker = lexicon.classes.get("speaker", frozenset())
    if span.rule.strength is Strength.PROTECTED or not speaker.isdisjoint(
        clause.words[span.at : span.end + 1]
    ):
        return False  # "he will not let me"
    agrees = lexicon.meaning(span.rule.label) == Meaning.AGREE
    return _subject(span, clause, lexicon) in lexicon.classes.get("addressed" if agrees else "others", ())


def _subject(span: Span, clause: Clause, lexicon: Lexicon) -> str:
    """The word before it that is no auxiliary; empty where it begins the clause."""
    before = reversed(clause.words[: span.at])
    return next((word for word in before if word not in lexicon.before_verbs), "")
