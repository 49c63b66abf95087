"""Reads short replies by rules: no network, no model, the same answer every time.

A text becomes clauses of plain words; the longest patterns are found in them; negators turn a meaning round,
questions say nothing, conditions leave it open; each category gets a score, and the best one is the verdict if its
lead is large enough. What the words are is data (see packs/).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from classification.engines.base import Context, Endpoint, Matter, Verdict
from classification.engines.rules.allowance import Allowance
from classification.engines.rules.burst import readings
from classification.engines.rules.clauses import clauses
from classification.engines.rules.conversation import answer
from classification.engines.rules.document import Document, Strength
from classification.engines.rules.language import Languages
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.line import Line
from classification.engines.rules.matching import QUESTION, Hit, hits
from classification.engines.rules.matters import matters
from classification.engines.rules.scoring import WEIGHTS, Reading, reading
from classification.engines.rules.texts import said
from classification.engines.rules.weighing import is_answer
from classification.engines.rules.whole import exact_hits, whole_hits

# The end of a conversation holds the decision; a flood must not keep a worker busy.
MAX_CHARACTERS = 10_000
MAX_TRACED = 20
MAX_TRACED_CHARACTERS = 120
NOTHING_KNOWN, MOST = 0.3, 0.95


class Rules:
    """One rule set, compiled. Always has a verdict: the default category when it knows nothing.

    Raises ValueError for a document with a rule that cannot be read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.lexicon = Lexicon(document)
        self._languages = Languages(document)

    def read(self, texts: Sequence[str]) -> Verdict:
        """The verdict on one conversation. Its confidence says how clear the words were; it is no probability."""
        allowance = Allowance()
        lines = [
            self.line(text, allowance) for text in said("\n".join(texts)[-MAX_CHARACTERS:], self.lexicon)
        ]
        standing = answer(list(readings(lines, self.lexicon)), self.lexicon)
        trace = _trace(standing, lines)
        if standing is None:
            return self._nothing(lines, trace)
        if not is_answer(standing, lines, self.lexicon):
            return replace(self._nothing(lines, trace | {"talk": standing.label}), sure=False)
        found = [hit for line in lines for hit in line.hits]
        return Verdict(
            standing.label,
            _confidence(standing),
            sure=standing.clear and (standing.strength is not Strength.SOFT or _only_asks(found)),
            matters=self._matters(standing.label, lines),
            trace=trace,
        )

    def _nothing(self, lines: Sequence[Line], trace: dict[str, Any]) -> Verdict:
        """No answer: surely none where every word is known."""
        default = self.lexicon.default
        understood = all(line.is_understood for line in lines) and any(line.hits for line in lines)
        about = self._matters(default, lines)
        return Verdict(default, NOTHING_KNOWN, sure=understood, matters=about, trace=trace)

    def _matters(self, label: str, lines: Sequence[Line]) -> tuple[Matter, ...]:
        found = [hit for line in lines for hit in line.hits]
        return matters(label, [line.clauses for line in lines], found, self.lexicon)

    def language(self, texts: Sequence[str]) -> str:
        """The language that the end of a conversation seems to be written in; empty where none stands out."""
        return self._languages.read("\n".join(texts)[-MAX_CHARACTERS:])

    def line(self, text: str, allowance: Allowance | None = None) -> Line:
        """One text: what is found in it and what it says. Its expressions have what the conversation has left."""
        parts = clauses(text, self.lexicon)
        exact = exact_hits(parts, self.lexicon)
        if exact:
            return Line(parts, exact, reading(parts, exact, self.lexicon))
        found = [hit for part in parts for hit in hits(part, self.lexicon)]
        whole, timed_out = whole_hits(text, parts, self.lexicon, allowance or Allowance())
        found += whole
        known = sum(len(hit.words.split()) for hit in found)
        fillers = sum(word in self.lexicon.transparent for part in parts for word in part.words)
        understood = known + fillers >= sum(len(part.words) for part in parts)
        return Line(parts, found, reading(parts, found, self.lexicon), timed_out, understood)


@lru_cache(maxsize=4)
def rules_of(document: Document) -> Rules:
    """The document, compiled, which takes half a second: kept for those that are compared and gone back to.

    Raises ValueError for a rule that cannot be read.
    """
    return Rules(document)


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


def _confidence(standing: Reading) -> float:
    if not standing.clear:
        return NOTHING_KNOWN
    firmness: float = (WEIGHTS[standing.strength] / WEIGHTS[Strength.EXPLICIT]) ** 0.5
    return round(NOTHING_KNOWN + (MOST - NOTHING_KNOWN) * standing.margin * firmness, 2)


def _only_asks(found: Sequence[Hit]) -> bool:
    return all(hit.rule == QUESTION for hit in found if hit.label)


def _trace(standing: Reading | None, lines: Sequence[Line]) -> dict[str, Any]:
    """Why: the words found, the scores and the lead of the best. Bounded, whatever was written."""
    hits = [_traced(hit) for line in lines for hit in line.hits if hit.label]
    trace: dict[str, Any] = {"hits": hits[-MAX_TRACED:]}
    if standing is not None:
        trace["scores"] = {label: round(score, 2) for label, score in standing.scores.items()}
        trace["margin"] = round(standing.margin, 2)
    timed_out = sorted({name for line in lines for name in line.timed_out})
    if timed_out:
        trace["timed_out"] = timed_out[:MAX_TRACED]
    return trace


def _traced(hit: Hit) -> dict[str, Any]:
    return {
        "clause": str(hit.clause)[:MAX_TRACED_CHARACTERS],
        "words": hit.words[:MAX_TRACED_CHARACTERS],
        "rule": hit.rule,
        "strength": hit.strength.value,
        "label": hit.label,
        "negated": hit.negated,
    }
