"""Reads short replies by rules: no network, no model, the same answer every time.

Whole words are matched, the longest pattern first; a negator turns agreement into refusal; questions say nothing;
"but" and "wait" let what follows count. What the words are is data (see lexicon/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from classification.engines.base import Context, Endpoint, Verdict
from classification.engines.rules.clauses import clauses
from classification.engines.rules.document import Document, LexiconKind, Strength
from classification.engines.rules.lexicon import compiled
from classification.engines.rules.matching import Hit, hits
from classification.labels import Label

# The end of a conversation holds the decision; a flood must not keep a worker busy.
MAX_CHARACTERS = 10_000
MAX_TRACED = 20
MAX_TRACED_CHARACTERS = 120
CONFIDENCE = {
    Strength.PROTECTED: 0.9,
    Strength.EXPLICIT: 0.9,
    Strength.PHRASE: 0.8,
    Strength.ACKNOWLEDGE: 0.8,
    Strength.SOFT: 0.6,
}
NOTHING_KNOWN = 0.3
STRONGEST_FIRST = list(Strength)


@dataclass(frozen=True)
class Reading:
    """What one text says. `corrects`: it takes back what was said before ("wait", "pala")."""

    label: str
    hits: tuple[Hit, ...]
    corrects: bool

    @property
    def strength(self) -> Strength:
        """That of its best ground."""
        strengths = (hit.strength for hit in self.hits if hit.label == self.label)
        return min(strengths, key=STRONGEST_FIRST.index)

    @property
    def is_bare(self) -> bool:
        """Whether it says too little to take back an earlier text: "ok", "nice"."""
        return self.strength in (Strength.ACKNOWLEDGE, Strength.SOFT)


class Rules:
    """One rule set, compiled. Always has a verdict: the default category when it knows nothing."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.lexicon = compiled(document)

    def read(self, texts: Sequence[str]) -> Verdict:
        """The verdict on one conversation. Its confidence says how strong the words were; it is no probability."""
        lines = "\n".join(texts)[-MAX_CHARACTERS:].split("\n")
        readings = [reading for line in lines if (reading := self._read(line))]
        if not readings:
            return Verdict(self.document.default.slug, NOTHING_KNOWN, sure=False, trace={"hits": []})
        answer = readings[0]
        for reading in readings[1:]:
            if reading.label != answer.label and not reading.is_bare:
                answer = reading
        trace = [_traced(hit) for reading in readings for hit in reading.hits]
        return Verdict(answer.label, CONFIDENCE[answer.strength], trace={"hits": trace[:MAX_TRACED]})

    def _read(self, text: str) -> Reading | None:
        parts = clauses(text, self.lexicon)
        found = tuple(hit for clause in parts for hit in hits(clause, self.lexicon))
        if not found:
            return None
        words = {word for clause in parts for word in clause.words}
        corrects = not words.isdisjoint(self.lexicon.group(LexiconKind.CORRECTION))
        return Reading(_combined(found, corrects), found, corrects)


class RulesEngine:
    """Reads by the rule set that is live."""

    def preload(self) -> None:
        """Nothing: the live rule set is compiled for every engine."""

    def endpoint(self) -> Endpoint | None:
        """None: it asks nobody."""
        return None

    def classify(self, texts: Sequence[str], context: Context) -> Verdict:
        """The verdict of the live rules."""
        return context.live.rules.read(texts)


def _combined(found: Sequence[Hit], corrects: bool) -> str:
    """One label for all that a text says."""
    counting = [hit for hit in found if hit.strength is not Strength.SOFT] or list(found)
    answers = [hit for hit in counting if hit.strength is not Strength.ACKNOWLEDGE] or counting
    last = answers[-1]
    if corrects or last.clause.contrast:
        return last.label
    first = counting[0]
    labels = {hit.label for hit in counting}
    if len(labels) == 1:
        return first.label
    if Label.NEUTRAL in labels:
        refused = first.label == Label.DISAGREE and first.strength is not Strength.SOFT
        return Label.DISAGREE if refused else Label.NEUTRAL
    return Label.DISAGREE


def _traced(hit: Hit) -> dict[str, Any]:
    return {
        "clause": str(hit.clause)[:MAX_TRACED_CHARACTERS],
        "words": hit.words[:MAX_TRACED_CHARACTERS],
        "rule": hit.rule,
        "label": hit.label,
        "negated": hit.negated,
    }
