"""Which rules fit a clause, and what negation, questions and conditions make of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.patterns import Node, Rule
from classification.labels import Meaning

# How many words a negator reaches; those that mean nothing are not counted.
NEGATION_REACH = 3
# Names in the trace of what no rule said.
QUESTION, CONDITION = "question", "conditional"
FIRMNESS = {strength: -number for number, strength in enumerate(Strength)}


@dataclass(frozen=True)
class Hit:
    """One pattern found: what it says, where and by which rule. `label` is empty for words out of play.

    `at` is the place of its first word in the clause.
    `explains`: it follows a "because", and is not said of the speaker: "because my son is sick I can't" is an answer.
    """

    label: str
    strength: Strength
    clause: Clause
    words: str
    rule: str
    negated: bool = False
    explains: bool = False
    at: int = 0

    @property
    def before(self) -> Sequence[str]:
        """The words of its clause before it."""
        return self.clause.words[: self.at]

    @property
    def behind(self) -> Sequence[str]:
        """The words of its clause behind it."""
        return self.clause.words[self.at + len(self.words.split()) :]


@dataclass(frozen=True)
class Span:
    """The words `at` to `end` of a clause, taken by a rule."""

    at: int
    end: int
    rule: Rule


def hits(clause: Clause, lexicon: Lexicon) -> list[Hit]:
    """What the clause says, in order."""
    found = spans(clause, lexicon)
    if clause.asks:
        answering = [span for span in found[:1] if _opens(span, clause, lexicon)]
        counting = [span for span in found if span.rule.in_questions or span in answering]
        asked = [] if answering else [Hit(lexicon.default, Strength.SOFT, clause, str(clause), QUESTION)]
        return [hit(span, found, clause, lexicon) for span in counting] + asked
    condition = _condition(clause, found, lexicon)
    end = len(clause.words) if condition is None else condition
    said = [hit(span, found, clause, lexicon) for span in found if span.at < end]
    if condition is not None:
        said.append(_conditional(condition, clause, lexicon))
    return said


def _conditional(at: int, clause: Clause, lexicon: Lexicon) -> Hit:
    explains = at > 0 and clause.words[at - 1] in lexicon.classes.get("explaining", ())
    word = clause.words[at]
    return Hit(lexicon.default, Strength.PROTECTED, clause, word, CONDITION, explains=explains, at=at)


def spans(clause: Clause, lexicon: Lexicon) -> list[Span]:
    """The longest pattern at each place, idioms before all others and guesses last; every word is used once."""
    free = [True] * len(clause.words)
    found: list[Span] = []
    candidates = [list(_candidates(at, clause, lexicon)) for at in range(len(clause.words))]
    for order in range(3):
        for at, longest_first in enumerate(candidates):
            for span in longest_first:
                if _order(span) == order and all(free[at : span.end]):
                    found.append(span)
                    free[at : span.end] = [False] * (span.end - at)
                    break
    return sorted(found, key=lambda span: span.at)


def _order(span: Span) -> int:
    return {Strength.PROTECTED: 0, Strength.SOFT: 2}.get(span.rule.strength, 1)


def ends(words: Sequence[str], at: int, node: Node, lexicon: Lexicon) -> Iterator[tuple[int, Rule]]:
    """Where patterns that begin at `at` end. Adverbs between their words are passed over.

    Each place of the pattern is tried once at each word: an adverb that fits and may be passed over as well would
    else double the ways at every word.
    """
    return _ends(words, at, node, lexicon.groups[LexiconKind.ADVERB], set())


def _ends(
    words: Sequence[str], at: int, node: Node, passed_over: frozenset[str], tried: set[tuple[int, int]]
) -> Iterator[tuple[int, Rule]]:
    for following in node.after(words[at]):
        if (id(following), at) in tried:
            continue
        tried.add((id(following), at))
        for rule in following.rules:
            yield at + 1, rule
        if following.edges:
            yield from _onwards(words, at + 1, following, passed_over, tried)


def _onwards(
    words: Sequence[str], at: int, node: Node, passed_over: frozenset[str], tried: set[tuple[int, int]]
) -> Iterator[tuple[int, Rule]]:
    while at < len(words):
        yield from _ends(words, at, node, passed_over, tried)
        if words[at] not in passed_over:
            return
        at += 1


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
    if span.rule.leads and not (fillers - lexicon.groups[LexiconKind.PRONOUN]).issuperset(
        clause.words[: span.at]
    ):
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
    """Whether it asks for an answer and is none: "tell the others ok". "Your plan is ok" is one."""
    tags, requesting, states, answering = (
        lexicon.classes.get(name, frozenset()) for name in ("tag", "requesting", "be", "answering")
    )
    before = clause.words[: span.at]
    if span.end < len(clause.words) or not tags.issuperset(clause.words[span.at : span.end]):
        return False
    passed_over = lexicon.groups[LexiconKind.FILLER] - lexicon.groups[LexiconKind.PRONOUN]
    first = next((word for word in before if word not in passed_over), "")
    return len(before) > 1 and before[-1] not in states | answering and first in requesting


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


def _opens(span: Span, clause: Clause, lexicon: Lexicon) -> bool:
    """Whether a question begins with an answer: "yes where?" does, "ok?" does not; "why not?" is one."""
    fillers = lexicon.groups[LexiconKind.FILLER]
    before = clause.words[: span.at]
    if not span.rule.label or not fillers.issuperset(before):
        return False
    if not lexicon.groups[LexiconKind.AUXILIARY].isdisjoint(before):
        return False
    particles = lexicon.groups[LexiconKind.PARTICLE]
    after = next((word for word in clause.words[span.end :] if word not in fillers), "")
    if after in particles:  # "tuloy ba ...?" asks just that
        return False
    rest = set(clause.words[span.end :]) - fillers - particles
    if span.rule.strength is Strength.PROTECTED:
        return not rest
    if span.rule.strength is Strength.ACKNOWLEDGE and lexicon.meaning(span.rule.label) != Meaning.AGREE:
        return False  # "got lesson tomorrow?" asks, "ok what time?" does not
    return span.rule.strength in (Strength.EXPLICIT, Strength.ACKNOWLEDGE) and bool(rest)


def _condition(clause: Clause, found: list[Span], lexicon: Lexicon) -> int | None:
    """Where "if" stands, unless it is part of an idiom."""
    taken = {at for span in found for at in range(span.at, span.end)}
    conditionals = lexicon.groups[LexiconKind.CONDITIONAL]
    return next(
        (at for at, word in enumerate(clause.words) if word in conditionals and at not in taken), None
    )


def hit(span: Span, found: list[Span], clause: Clause, lexicon: Lexicon) -> Hit:
    rule = span.rule
    strength: Strength = Strength.PHRASE if rule.strength is Strength.ALONE else rule.strength
    words = " ".join(clause.words[span.at : span.end])
    label, negated = rule.label, False
    if label and strength is not Strength.PROTECTED and _is_negated(span, found, clause, lexicon):
        label, strength = negation(label, strength, lexicon)
        negated = True
    return Hit(label, strength, clause, words, rule.name, negated, _explains(span, clause, lexicon), span.at)


def _explains(span: Span, clause: Clause, lexicon: Lexicon) -> bool:
    """Whether it follows a "because" with no "so" between, and neither names the speaker nor "so" itself."""
    speaker, explaining, concluding = (
        lexicon.classes.get(name, frozenset()) for name in ("speaker", "explaining", "concluding")
    )
    if not (speaker | concluding).isdisjoint(clause.words[max(span.at - 1, 0) : span.end]):
        return False
    for word, after in reversed(list(pairwise(clause.words[: span.at + 1]))):
        if word in concluding or (word in explaining and after != "of"):
            return word in explaining
    return False


def _is_negated(span: Span, found: list[Span], clause: Clause, lexicon: Lexicon) -> bool:
    """A negator shortly before. One inside an idiom ("not sure") has done its work there."""
    reach = NEGATION_REACH
    for at in range(span.at - 1, -1, -1):
        word = clause.words[at]
        if word in lexicon.groups[LexiconKind.STOP] or reach == 0:
            return False
        if word in lexicon.groups[LexiconKind.NEGATOR]:
            return not any(other.at <= at < other.end and _is_settled(other, lexicon) for other in found)
        reach -= word not in lexicon.transparent
    return False


def _is_settled(span: Span, lexicon: Lexicon) -> bool:
    """Whether a negator within has nothing left to say to others: all but a refusal, which colours what follows."""
    return not span.rule.label or lexicon.meaning(span.rule.label) != Meaning.DISAGREE


def negation(label: str, strength: Strength, lexicon: Lexicon) -> tuple[str, Strength]:
    """What a negator makes of a hit: "not good" refuses; a plain no stays one ("no, not at all").

    Nobody knows what "don't cancel" agrees to: that, and what has no opposite, says nothing.
    """
    opposite = lexicon.categories[label].opposite
    if opposite and lexicon.meaning(opposite) == Meaning.AGREE and strength is Strength.EXPLICIT:
        return label, strength
    if not opposite or lexicon.meaning(opposite) == Meaning.AGREE:
        return "", strength
    return opposite, max(strength, Strength.PHRASE, key=lambda each: FIRMNESS[each])
