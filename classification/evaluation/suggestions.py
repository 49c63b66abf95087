"""Words that the rules do not understand as people do: what a new rule could be made of.

Only the training half of the corrections is looked at: a rule that was made from the other half would be measured by
its own examples.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from classification.engines.rules.clauses import clauses
from classification.models import Correction, Split
from classification.rulesets.live import live

LONGEST = 3  # words
MAX_CHARACTERS = 48  # of them together: a rule is called after them
AT_LEAST = 3  # people for whom the rules were wrong
MISREAD = 0.5  # of those who use the words, how many must be among them
PURITY = 0.8  # of those who use the words, how many must mean the same
NEWEST = 5000  # corrections looked at
SHOWN = 20


@dataclass(frozen=True)
class Suggestion:
    """`misread` of `people` who use these words were misread by the rules, and meant `label`.

    Nobody counts twice, else one person's habit would look like a language. `example` is a line that holds the words.
    """

    words: str
    label: str
    misread: int
    people: int
    example: str


@dataclass
class _Use:
    """Who uses the words, who means which label by them, and whom the rules misread."""

    by: set[str] = field(default_factory=set)
    meaning: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    misread: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    example: dict[str, str] = field(default_factory=dict)


def suggestions() -> list[Suggestion]:
    """The most frequent and longest first; of words that always come together the longest row of them."""
    uses = defaultdict[str, _Use](_Use)
    for row in _corrections():
        sender, label = row.classification.batch.sender, row.corrected
        misread = _rules_said(row) not in ("", label)
        for words, line in _grams(row.text):
            use = uses[words]
            use.by.add(sender)
            use.meaning[label].add(sender)
            if misread:
                use.misread[label].add(sender)
                use.example[label] = line
    found = [
        Suggestion(words, label, len(people), len(use.by), use.example[label])
        for words, use in uses.items()
        for label, people in use.misread.items()
        if _worth_a_rule(use, label)
    ]
    return sorted(_longest(found), key=lambda one: (-one.misread, -len(one.words), one.words))[:SHOWN]


def _worth_a_rule(use: _Use, label: str) -> bool:
    """Enough people were misread, most of those who use the words; and these mean the same by them."""
    misread, everybody = len(use.misread[label]), len(use.by)
    return (
        misread >= AT_LEAST
        and misread >= MISREAD * everybody
        and len(use.meaning[label]) >= PURITY * everybody
    )


def _corrections() -> QuerySet[Correction]:
    rows = Correction.objects.filter(split=Split.TRAIN).exclude(text="")  # purged
    rows = rows.select_related("classification__batch")
    return rows.order_by("-id")[:NEWEST]


def _rules_said(row: Correction) -> str:
    """What the rules took it for; empty where they were not heard."""
    verdict = row.classification
    if verdict.engine == "rules":
        return verdict.label
    return verdict.other_label if verdict.other_engine == "rules" else ""


def _grams(text: str) -> Iterator[tuple[str, str]]:
    """Every row of one to LONGEST words, as the rules read them, with the line that it stands in."""
    lexicon = live().rules.lexicon
    for line in text.split("\n"):
        for clause in clauses(line, lexicon):
            for length in range(1, LONGEST + 1):
                for start in range(len(clause.words) - length + 1):
                    words = " ".join(clause.words[start : start + length])
                    if len(words) <= MAX_CHARACTERS:
                        yield words, line


def _longest(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Without those that are a part of a longer one with as many people."""
    return [
        one
        for one in found
        if not any(
            f" {one.words} " in f" {other.words} " and one.words != other.words
            for other in found
            if (other.label, other.misread) == (one.label, one.misread)
        )
    ]
