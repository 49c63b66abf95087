"""Why a verdict is what it is, in lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from classification import naming
from classification.models import Classification, ReviewReason

NOTHING = "No word that the rules know."
TOLD = {"doubt", "marker", "rules", "hits", "scores", "margin", "talk"}


def reasons(row: Classification) -> list[str]:
    """What was doubted and by which words, the words that the rules found, and what else an engine left behind."""
    trace: Mapping[str, Any] = row.trace
    beside = trace.get("rules")
    return [
        *_doubt(row),
        *_read(trace),
        *(["What the rules read:", *_read(beside)] if beside else []),
        *(f"{name}: {_plain(value)}" for name, value in trace.items() if name not in TOLD),
    ]


def overruled(row: Classification) -> str:
    """The label that the deciding engine gave, where another one stands; else empty."""
    said = (one["label"] for one in row.attempts if one["engine"] == row.engine)
    return next((label for label in said if label and label != row.label), "")


def marker(row: Classification) -> str:
    """The words that are taken for written to steer the model, and where they stand; empty where there are none."""
    found = row.trace.get("marker")
    return f"“{found['words']}” in text {found['text']}" if found else ""


def cost(row: Classification) -> str:
    """What the verdict cost, in US dollars; empty where no price is known."""
    return "" if row.cost is None else f"${row.cost:.6f}"


def _doubt(row: Classification) -> Iterator[str]:
    doubt = row.trace.get("doubt")
    if doubt:
        yield ": ".join(filter(None, [str(ReviewReason(doubt).label), marker(row)]))
    said = overruled(row)
    if said:
        stands = naming.name_of(row.label)
        yield f"{row.engine} says {naming.name_of(said)}; that is in doubt, so it counts as {stands}."


def _read(trace: Mapping[str, Any]) -> Iterator[str]:
    """The words that the rules found, and what they add up to."""
    if "hits" in trace:
        yield from [_hit(hit) for hit in trace["hits"]] or [NOTHING]
    if "scores" in trace:
        yield f"Scores: {_plain(trace['scores'])}; lead {_plain(trace.get('margin'))}"
    if "talk" in trace:
        yield f"So much else is said that the words for {naming.name_of(trace['talk'])} are taken for talk."


def _hit(hit: Mapping[str, Any]) -> str:
    how = [hit["rule"], hit.get("strength", ""), "negated" if hit["negated"] else ""]
    return f"“{hit['words']}” in “{hit['clause']}”: {hit['label']} ({', '.join(filter(None, how))})"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
