"""What a clause says by the rules that fit it, and what negation, questions and conditions make of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.spans import FIRMNESS, Span, spans
from classification.labels import Meaning

# How many words a negator reaches; those that mean nothing are not counted.
NEGATION_REACH = 3
# Names in the trace of what no rule said.
QUESTION, CONDITION = "question", "conditional"


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
    """What a match says, once a negator that reaches it has turned it into its opposite."""
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
