"""Which rules fit a clause, and what negation and conditions make of them."""

from dataclasses import dataclass

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon, Pattern
from classification.labels import Label

# Words between a negator and what it negates, at most.
NEGATION_REACH = 3


@dataclass(frozen=True)
class Hit:
    """One pattern found: what it says, where and by which rule."""

    label: str
    strength: Strength
    clause: Clause
    words: str
    rule: str
    negated: bool = False


@dataclass(frozen=True)
class _Span:
    at: int
    end: int
    pattern: Pattern


def hits(clause: Clause, lexicon: Lexicon) -> list[Hit]:
    """What the clause says, in order."""
    spans = _spans(clause, lexicon)
    if clause.asks:
        return [_hit(span, spans, clause, lexicon) for span in spans[:1] if _opens(span, clause, lexicon)]
    condition = _condition(clause, spans, lexicon)
    end = len(clause.words) if condition is None else condition
    found = [
        _hit(span, spans, clause, lexicon) for span in spans if span.pattern.rule.label and span.at < end
    ]
    found = _undisputed(found)
    if condition is not None:
        word = clause.words[condition]
        found.append(Hit(Label.NEUTRAL, Strength.PROTECTED, clause, word, "conditional"))
    return found


def _spans(clause: Clause, lexicon: Lexicon) -> list[_Span]:
    """The longest pattern at each place, idioms before all others; every word is used once."""
    free = [True] * len(clause.words)
    spans: list[_Span] = []
    for idioms in (True, False):
        for at in range(len(clause.words)):
            span = _span(at, free, clause, lexicon, idioms)
            if span is not None:
                spans.append(span)
                free[span.at : span.end] = [False] * (span.end - span.at)
    return sorted(spans, key=lambda span: span.at)


def _span(at: int, free: list[bool], clause: Clause, lexicon: Lexicon, idioms: bool) -> _Span | None:
    for pattern in lexicon.candidates(clause.words[at]):
        if (pattern.rule.strength is Strength.PROTECTED) is idioms:
            end = _end(pattern, clause.words, at, lexicon)
            if end is not None and all(free[at:end]) and _is_allowed(pattern, clause, at, end, lexicon):
                return _Span(at, end, pattern)
    return None


def _end(pattern: Pattern, words: tuple[str, ...], at: int, lexicon: Lexicon) -> int | None:
    """Where the pattern ends if it begins at `at`. Adverbs after a negator are passed over."""
    previous = ""
    for expected in pattern.words:
        while previous in lexicon.group(LexiconKind.NEGATOR) and words[at : at + 1] != (expected,):
            if at >= len(words) or words[at] not in lexicon.group(LexiconKind.ADVERB):
                return None
            at += 1
        if at >= len(words) or not _is_same(words[at], expected, pattern):
            return None
        previous = expected
        at += 1
    return at


def _is_same(word: str, expected: str, pattern: Pattern) -> bool:
    return word == expected or (
        pattern.prefix and expected is pattern.words[-1] and word.startswith(expected)
    )


def _is_allowed(pattern: Pattern, clause: Clause, at: int, end: int, lexicon: Lexicon) -> bool:
    rest = clause.words[end:]
    if pattern.rule.before and rest and rest[0] not in pattern.rule.before:
        return False
    if pattern.rule.strength is not Strength.ALONE:
        return True
    return lexicon.group(LexiconKind.FILLER).issuperset(clause.words[:at] + rest)


def _opens(span: _Span, clause: Clause, lexicon: Lexicon) -> bool:
    """Whether a question begins with an answer: "yes where?" does, "ok?" does not; "why not?" is one."""
    if not span.pattern.rule.label or not lexicon.group(LexiconKind.FILLER).issuperset(
        clause.words[: span.at]
    ):
        return False
    rest = (
        set(clause.words[span.end :])
        - lexicon.group(LexiconKind.FILLER)
        - lexicon.group(LexiconKind.PARTICLE)
    )
    strength = span.pattern.rule.strength
    return strength is Strength.PROTECTED or (
        strength in (Strength.EXPLICIT, Strength.ACKNOWLEDGE) and bool(rest)
    )


def _undisputed(found: list[Hit]) -> list[Hit]:
    """Praise within a refusal ("you got that wrong") is none, unless the clause begins with a plain yes."""
    refused = any(hit.label == Label.DISAGREE for hit in found)
    if not refused or (found[0].label == Label.AGREE and found[0].strength is Strength.EXPLICIT):
        return found
    return [hit for hit in found if hit.label != Label.AGREE]


def _condition(clause: Clause, spans: list[_Span], lexicon: Lexicon) -> int | None:
    """Where "if" stands, unless it is part of an idiom."""
    taken = {at for span in spans for at in range(span.at, span.end)}
    conditionals = lexicon.group(LexiconKind.CONDITIONAL)
    return next(
        (at for at, word in enumerate(clause.words) if word in conditionals and at not in taken), None
    )


def _hit(span: _Span, spans: list[_Span], clause: Clause, lexicon: Lexicon) -> Hit:
    rule = span.pattern.rule
    words = " ".join(clause.words[span.at : span.end])
    label, strength = rule.label or Label.NEUTRAL, rule.strength
    negated = strength is not Strength.PROTECTED and _is_negated(span, spans, clause, lexicon)
    if negated:
        label, strength = _negation(label, strength)
    return Hit(
        label, Strength.PHRASE if strength is Strength.ALONE else strength, clause, words, rule.name, negated
    )


def _is_negated(span: _Span, spans: list[_Span], clause: Clause, lexicon: Lexicon) -> bool:
    """A negator shortly before. One inside an idiom ("not sure") has done its work there."""
    for at in range(span.at - 1, max(-1, span.at - 1 - NEGATION_REACH), -1):
        if clause.words[at] in lexicon.group(LexiconKind.STOP):
            return False
        if clause.words[at] in lexicon.group(LexiconKind.NEGATOR):
            idioms = (other for other in spans if other.pattern.rule.label != Label.DISAGREE)
            return not any(idiom.at <= at < idiom.end for idiom in idioms)
    return False


def _negation(label: str, strength: Strength) -> tuple[str, Strength]:
    """ "Not good" refuses, "not wrong" agrees; what "don't cancel" answers is anybody's guess."""
    if label == Label.AGREE:
        return Label.DISAGREE, Strength.PHRASE
    if label == Label.DISAGREE and strength is Strength.SOFT:
        return Label.AGREE, strength
    return (label, strength) if strength is Strength.EXPLICIT else (Label.NEUTRAL, Strength.SOFT)
