"""How often verdicts are right, week by week and whoever gave them, by what people said of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any

from django.utils import timezone

from classification.labels import Label
from classification.models import Correction, ReviewReason

WEEKS = 12
Z = 1.96  # standard deviations: the interval holds the truth 95 times of 100
BY_HAND = "Chosen by a person"


@dataclass(frozen=True)
class Share:
    """So many of so many were right."""

    right: int
    rows: int

    @property
    def accuracy(self) -> float | None:
        return self.right / self.rows if self.rows else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %: it stays within 0 and 1, and is honest about few rows."""
        if not self.rows:
            return 0.0, 1.0
        share, spread = self.right / self.rows, Z**2 / self.rows
        middle = (share + spread / 2) / (1 + spread)
        half = sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Part:
    """One engine, rule set or reason: all that was judged, and of that the random sample."""

    name: str
    all: Share
    sample: Share


@dataclass(frozen=True)
class Week:
    """The verdicts of a week (it begins on Monday, UTC), of the random sample and of each reason."""

    start: date
    sample: Share
    reasons: Mapping[str, Share]


@dataclass(frozen=True)
class Trend:
    """`whole` holds everything; `confusion[said][means]` counts what the machine said and what people say."""

    weeks: tuple[Week, ...]
    whole: Part
    reasons: tuple[Part, ...]
    engines: tuple[Part, ...]
    rulesets: tuple[Part, ...]
    confusion: Mapping[str, Mapping[str, int]]


def trend() -> Trend:
    """That of the last WEEKS weeks, this one included.

    Of several judgements on one verdict the newest counts; where nobody could decide, nobody was right or wrong.
    """
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    rows = _judged(starts[0])
    return Trend(
        tuple(_week(start, rows) for start in starts),
        _part("All", rows),
        _parts(rows, _reason),
        _parts(rows, lambda row: row["engine"] or "–"),
        _parts(rows, lambda row: f"Rule set {row['ruleset']}" if row["ruleset"] else "–"),
        _confusion(rows),
    )


def _judged(since: date) -> list[dict[str, Any]]:
    of = "classification__"
    names = {"at": "created_at", "review": "review", "engine": "engine", "ruleset": "ruleset__number"}
    rows = Correction.objects.filter(classification__created_at__date__gte=since)
    told = (
        rows.exclude(predicted=Label.UNDECIDED)
        .order_by("id")
        .values_list("classification_id", "predicted", "corrected", *(of + name for name in names.values()))
    )
    newest = {row[0]: dict(zip(("said", "means", *names), row[1:], strict=True)) for row in told}
    return list(newest.values())


def _week(start: date, rows: Iterable[dict[str, Any]]) -> Week:
    here = [row for row in rows if start <= row["at"].date() < start + timedelta(weeks=1)]
    return Week(start, _share(_sampled(here)), {part.name: part.all for part in _parts(here, _reason)})


def _reason(row: dict[str, Any]) -> str:
    return str(ReviewReason(row["review"]).label) if row["review"] else BY_HAND


def _parts(rows: Iterable[dict[str, Any]], which: Callable[[dict[str, Any]], str]) -> tuple[Part, ...]:
    groups = dict[str, list[dict[str, Any]]]()
    for row in rows:
        groups.setdefault(which(row), []).append(row)
    return tuple(_part(name, group) for name, group in sorted(groups.items()))


def _part(name: str, rows: Sequence[dict[str, Any]]) -> Part:
    return Part(name, _share(rows), _share(_sampled(rows)))


def _sampled(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["review"] == ReviewReason.SAMPLE]


def _share(rows: Sequence[dict[str, Any]]) -> Share:
    return Share(sum(row["said"] == row["means"] for row in rows), len(rows))


def _confusion(rows: Iterable[dict[str, Any]]) -> dict[str, Counter[str]]:
    counts = dict[str, Counter[str]]()
    for row in rows:
        counts.setdefault(row["said"], Counter())[row["means"]] += 1
    return dict(sorted(counts.items()))
