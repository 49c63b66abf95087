"""Rule sets of the tests' own."""

from typing import Any

from classification.engines.rules.document import CategoryEntry, Document, LexiconKind, RuleEntry, Word
from classification.engines.rules.engine import Rules
from classification.labels import Meaning

K = LexiconKind


def rule(name: str, category: str, *patterns: str, **rest: Any) -> RuleEntry:
    return RuleEntry(name=name, category=category, patterns=patterns, **rest)


def words(kind: LexiconKind, *terms: str, becomes: str = "") -> list[Word]:
    return [Word(kind=kind, term=term, becomes=becomes) for term in terms]


def clinic(*rules: RuleEntry, lexicon: list[Word] | None = None) -> Document:
    """Categories that are not agree and disagree."""
    return Document(
        categories=(
            CategoryEntry(slug="emergency", name="Emergency", meaning="Somebody is in danger.", priority=1),
            CategoryEntry(
                slug="confirm",
                name="Confirm",
                meaning="The patient will come.",
                counts_as=Meaning.AGREE,
                opposite="reschedule",
                priority=10,
            ),
            CategoryEntry(
                slug="reschedule",
                name="Reschedule",
                meaning="The patient cannot come at that time.",
                counts_as=Meaning.DISAGREE,
                priority=10,
            ),
            CategoryEntry(slug="complaint", name="Complaint", meaning="Something is wrong.", priority=20),
            CategoryEntry(slug="other", name="Other", meaning="Anything else.", priority=90, is_default=True),
        ),
        rules=rules,
        lexicon=tuple(
            lexicon
            if lexicon is not None
            else [
                *words(K.NEGATOR, "not", "no"),
                *words(K.CONTRACTION, "can't", "cannot", becomes="can not"),
                *words(K.CONTRAST, "but"),
                *words(K.CORRECTION, "wait"),
                *words(K.CONDITIONAL, "if"),
                *words(K.QUESTION, "what", "when", "where"),
                *words(K.FILLER, "please", "the", "is", "hi"),
                *words(K.OPENER, "also"),
            ]
        ),
    )


def reads(*rules: RuleEntry, lexicon: list[Word] | None = None) -> Rules:
    return Rules(clinic(*rules, lexicon=lexicon))
