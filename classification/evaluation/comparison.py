"""A rule set beside another one: how well each reads the same texts, and which they read differently."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any

from classification.engines.rules.document import Document
from classification.engines.rules.engine import rules_of
from classification.evaluation.cases import corrected
from classification.evaluation.metrics import Scores, score
from classification.golden import golden
from classification.labels import Meaning

GOLDEN, CORRECTIONS = "golden set", "corrections"
MAX_CORRECTIONS = 2000  # the newest
# What a rule set that replaces another one must do at least as well.
GUARDED = {"agree_precision": "precision of agreement", "macro_f1": "macro-F1"}


@dataclass(frozen=True)
class Row:
    """One text that the two read differently. `label` is the right one."""

    text: str
    label: str
    before: str
    after: str

    @property
    def better(self) -> bool:
        return self.after == self.label

    @property
    def worse(self) -> bool:
        return self.before == self.label


@dataclass(frozen=True)
class Comparison:
    """The measures of both on one set of texts, and the rows that they read differently."""

    source: str
    before: Scores
    after: Scores
    changed: tuple[Row, ...]

    @property
    def fallen(self) -> list[str]:
        """The guarded measures that are lower now, by however little."""
        lower = (told for name, told in GUARDED.items() if _held(self.after, name) < _held(self.before, name))
        return [f"{told} on the {self.source}" for told in lower]

    def as_dict(self) -> dict[str, Any]:
        return {"live": asdict(self.before), "draft": asdict(self.after), "changed": len(self.changed)}


def _held(scores: Scores, name: str) -> float:
    """A measure; where nothing was read as agreement, nothing was so wrongly."""
    value: float | None = getattr(scores, name)
    return 1.0 if value is None else value


def compare(before: Document, after: Document) -> list[Comparison]:
    """On the golden set and on the corrections kept for evaluation; only where both know the right label.

    Raises ValueError for a rule set that cannot be compiled.
    """
    known = {one.slug for one in (*before.categories, *after.categories)}
    cases = corrected(known)[-MAX_CORRECTIONS:]
    examples = [(one.text, one.label) for one in golden()]
    sets = (
        (GOLDEN, examples, {label for _, label in examples}, _golden_labels),
        (
            CORRECTIONS,
            [(one.text, one.label) for one in cases],
            known,
            partial(_labels, [one.text for one in cases]),
        ),
    )
    found = (_compare(source, rows, labels, read, before, after) for source, rows, labels, read in sets)
    return [comparison for comparison in found if comparison]


def _compare(
    source: str,
    rows: Sequence[tuple[str, str]],
    labels: Set[str],
    read: Callable[[Document], Sequence[str]],
    before: Document,
    after: Document,
) -> Comparison | None:
    """None when there is nothing to compare by.

    `labels` are those that whoever judged the texts could choose from: the golden set's know nothing of an operator's
    own categories, whether they are new in the draft or live.
    """
    meanings, new_meanings = _meanings(before), _meanings(after)
    shared = meanings.keys() & new_meanings.keys() & labels
    found = zip(
        rows, _within(shared, read(before), meanings), _within(shared, read(after), new_meanings), strict=True
    )
    kept = [Row(text, label, old, new) for (text, label), old, new in found if label in shared]
    if not kept:
        return None
    truth = [row.label for row in kept]
    # The older one's meanings for both: else a draft could look better by calling a refusal an agreement.
    was = score(truth, [row.before for row in kept], meanings)
    would_be = score(truth, [row.after for row in kept], meanings)
    return Comparison(source, was, would_be, tuple(row for row in kept if row.before != row.after))


def _within(shared: Set[str], labels: Iterable[str], meanings: Mapping[str, Meaning]) -> list[str]:
    """Labels in the words of the judgement and of both rule sets: any other is what it counts as."""
    return [label if label in shared else str(meanings.get(label, Meaning.NEUTRAL)) for label in labels]


def _meanings(document: Document) -> dict[str, Meaning]:
    return {one.slug: one.counts_as for one in document.categories}


@lru_cache(maxsize=4)
def _golden_labels(document: Document) -> Sequence[str]:
    """Read once for each rule set: the golden set has thousands of texts."""
    return _labels([one.text for one in golden()], document)


def _labels(texts: Sequence[str], document: Document) -> Sequence[str]:
    rules = rules_of(document)
    return [rules.read([text]).label for text in texts]
