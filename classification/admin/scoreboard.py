"""Measures and differences of two rule sets, ready for a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from classification.engines.rules.document import Document
from classification.evaluation.comparison import GUARDED, Comparison, Row
from classification.revealing import reveal
from classification.rulesets.differences import Difference

MAX_ROWS, MAX_DIFFERENCES = 200, 300  # shown on a page
# Measure: what people call it, and whether less of it is better.
MEASURES = {
    "agree_precision": ("Precision of agreement", False),
    "macro_f1": ("Macro-F1", False),
    "accuracy": ("Accuracy", False),
    "swaps": ("Agreement and refusal swapped", True),
    "refusals_as_agree": ("Refusals read as agreement", True),
}
SIGNS = {"added": "+", "removed": "\N{MINUS SIGN}", "changed": "~"}


@dataclass(frozen=True)
class Measure:
    """One line of the board; `tone` is better, worse or empty. Guarded ones must not fall."""

    name: str
    live: str
    draft: str
    tone: str
    guarded: bool


def boards(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A published rule set's `scores`: for each set of texts its measures, live beside draft."""
    return [
        {
            "source": source,
            "rows": sides["draft"]["rows"],
            "changed": sides.get("changed", 0),
            "measures": [_measure(name, sides["live"], sides["draft"]) for name in MEASURES],
        }
        for source, sides in scores.items()
    ]


def changed_rows(comparisons: Sequence[Comparison], draft: Document) -> list[dict[str, Any]]:
    """The texts that are read differently, those first that are wrong now; at most MAX_ROWS."""
    found = [(row, comparison.source) for comparison in comparisons for row in comparison.changed]
    found.sort(key=lambda pair: _tone(pair[0]) != "worse")
    return [
        {
            "text": reveal(row.text),
            "source": source,
            "tone": _tone(row),
            **{side: _name(getattr(row, side), draft) for side in ("label", "before", "after")},
        }
        for row, source in found[:MAX_ROWS]
    ]


def told(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """Differences with their texts made visible; at most MAX_DIFFERENCES."""
    return [
        {
            "kind": one.kind,
            "sign": SIGNS[one.kind],
            "what": one.what,
            "name": reveal(one.name),
            "fields": [(field.name, _revealed(field.before), _revealed(field.after)) for field in one.fields],
        }
        for one in list(differences)[:MAX_DIFFERENCES]
    ]


def figure(value: float | None) -> str:
    """A share with four places, for a fall of one row in thousands counts."""
    return "–" if value is None else f"{value:.4f}"


def _measure(name: str, live: Mapping[str, Any], draft: Mapping[str, Any]) -> Measure:
    title, less = MEASURES[name]
    old, new = live.get(name), draft.get(name)
    tone = "" if old is None or new is None or old == new else "better" if (new < old) is less else "worse"
    return Measure(title, figure(old), figure(new), tone, name in GUARDED)


def _tone(row: Row) -> str:
    return "better" if row.better else "worse" if row.worse else ""


def _name(label: str, document: Document) -> str:
    category = document.category(label)
    return category.name if category else label


def _revealed(lines: Sequence[str]) -> list[SafeString]:
    return [reveal(line) for line in lines]
