"""Rules that look at a whole text, not at its clauses."""

from collections.abc import Iterator, Sequence
from itertools import chain

from classification.engines.rules.allowance import Allowance
from classification.engines.rules.clauses import Clause, tidy
from classification.engines.rules.document import Match, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import Hit, hit
from classification.engines.rules.patterns import Element, Rule
from classification.engines.rules.spans import Span, ends


def exact_hits(parts: Sequence[Clause], lexicon: Lexicon) -> list[Hit]:
    """The rules for which this is the whole text: nothing else has a say then."""
    said, asks = _words(parts), any(part.asks for part in parts)
    return [
        _hit(rule, _joined(parts), said)
        for end, rule in _beginnings(said, lexicon)
        if rule.match == Match.EXACT and end == len(said) and (rule.in_questions or not asks)
    ]


def whole_hits(
    text: str, parts: Sequence[Clause], lexicon: Lexicon, allowance: Allowance
) -> tuple[list[Hit], list[str]]:
    """What is said by the text as a whole, and the names of the rules that took too long to ask."""
    found = [*_opening(parts, lexicon), *_together(parts, lexicon)]
    timed_out: list[str] = []
    for words, rule in _expressions(text, lexicon, allowance):
        if words is None:
            timed_out.append(rule.name)
        elif words:
            found.append(_hit(rule, Clause((words,), text), [words]))
    return found, timed_out


def _opening(parts: Sequence[Clause], lexicon: Lexicon) -> Iterator[Hit]:
    said = _words(parts)
    for end, rule in _beginnings(said, lexicon):
        if rule.match == Match.STARTS_WITH and (rule.in_questions or not parts[0].asks):
            yield _hit(rule, _joined(parts), said[:end])


def _together(parts: Sequence[Clause], lexicon: Lexicon) -> Iterator[Hit]:
    for elements, rule in lexicon.together:
        counting = [part for part in parts if rule.in_questions or not part.asks]
        clause = _joined(counting)
        places = _all(elements, clause.words)
        if places:
            span = Span(min(places), max(places) + 1, rule)
            yield hit(span, [span], clause, lexicon)


def _beginnings(words: Sequence[str], lexicon: Lexicon) -> list[tuple[int, Rule]]:
    return ends(words, 0, lexicon.beginnings, lexicon) if words else []


def _words(parts: Sequence[Clause]) -> tuple[str, ...]:
    return tuple(chain.from_iterable(part.words for part in parts))


def _joined(parts: Sequence[Clause]) -> Clause:
    return Clause(_words(parts), " ".join(dict.fromkeys(part.text for part in parts)))


def _all(elements: Sequence[Element], words: Sequence[str]) -> list[int]:
    """Where the words stand that the elements found; nowhere unless every element that must found one."""
    found: list[int] = []
    for element in elements:
        at = next((at for at, word in enumerate(words) if element.fits(word)), None)
        if at is not None:
            found.append(at)
        elif not element.optional:
            return []
    return found


def _expressions(text: str, lexicon: Lexicon, allowance: Allowance) -> Iterator[tuple[str | None, Rule]]:
    """The words that each expression found, None where it took too long."""
    tidied = tidy(text)
    for expression, rule in lexicon.expressions:
        try:
            found = allowance.search(expression, tidied)
        except TimeoutError:
            yield None, rule
        else:
            yield (found[0].strip() if found else ""), rule


def _hit(rule: Rule, clause: Clause, words: Sequence[str]) -> Hit:
    strength = Strength.PHRASE if rule.strength is Strength.ALONE else rule.strength
    return Hit(rule.label, strength, clause, " ".join(words), rule.name)
