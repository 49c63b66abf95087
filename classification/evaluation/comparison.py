"""A rule set beside another one: how well each reads the same texts, and which they read differently."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classification.engines.rules.document import Document
from classification.engines.rules.engine import Rules
from classification.evaluation.metrics import Scores, score
from classification.golden import golden
from classification.labels import Meaning
from classification.models import Correction, Split

GOLDEN, CORRECTIONS = "golden set", "corrections"
MAX_CORRECTIONS = 5000  # the newest
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
    """On the golden set and on the corrections kept for evaluation; only where both know the right label."""
    shared = {one.slug for one in before.categories} & {one.slug for one in after.categories}
    readers = (_Reader(before, shared), _Reader(after, shared))
    sets = {GOLDEN: ((one.text, one.label) for one in golden()), CORRECTIONS: _corrections()}
    found = (_compare(source, rows, readers, shared) for source, rows in sets.items())
    return [comparison for comparison in found if comparison]


class _Reader:
    """A rule set that answers in the labels that both know: one that is new to the other is what it counts as."""

    def __init__(self, document: Document, shared: set[str]) -> None:
        self.meanings = {one.slug: one.counts_as for one in document.categories}
        self._rules, self._shared = Rules(document), shared

    def __call__(self, text: str) -> str:
        label = self._rules.read([text]).label
        return label if label in self._shared else str(self.meanings.get(label, Meaning.NEUTRAL))


def _compare(
    source: str, rows: Iterable[tuple[str, str]], readers: tuple[_Reader, _Reader], shared: set[str]
) -> Comparison | None:
    """None when there is nothing to compare by."""
    kept = [(text, label) for text, label in rows if label in shared]
    if not kept:
        return None
    truth = [label for _, label in kept]
    old, new = ([reader(text) for text, _ in kept] for reader in readers)
    # Those of the older one for both: else a draft could look better by calling a refusal an agreement.
    meanings: Mapping[str, Meaning] = readers[0].meanings
    return Comparison(
        source, score(truth, old, meanings), score(truth, new, meanings), tuple(_changed(kept, old, new))
    )


def _changed(kept: Sequence[tuple[str, str]], old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for (text, label), before, after in zip(kept, old, new, strict=True):
        if before != after:
            yield Row(text, label, before, after)


def _corrections() -> Iterator[tuple[str, str]]:
    """What people said, the newest word on each text."""
    rows = (
        Correction.objects.filter(split=Split.EVAL)
        .order_by("-id")
        .values_list("text_key", "text", "corrected")
    )
    seen = set[str]()
    for key, text, label in rows[:MAX_CORRECTIONS]:
        if key not in seen:
            seen.add(key)
            yield text, label
