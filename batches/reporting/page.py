"""A report as HTML: a document that opens from a file and asks for nothing, and its body for the admin's page."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from batches.reporting import words
from batches.reporting.figures import Conversation, Report, Saving, Spread
from classification.naming import name_of

# Of a chart with columns, in the units of its SVG.
WIDTH, HEIGHT = 640, 190
TOP, BOTTOM = 22, 24  # where counts and names stand
GAP = 0.22  # of a column's place


@dataclass(frozen=True)
class Column:
    """One column: its place, its name below it and its count above."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    name: str
    count: int
    short: str


def document(report: Report) -> str:
    """The whole document, styles and charts in it."""
    return render_to_string("batches/report.html", context(report))


def context(report: Report) -> dict[str, Any]:
    """What the templates show."""
    return {
        "report": report,
        "version": settings.VERSION,
        "period": words.period(report),
        "where": words.where(report),
        "headline": words.headline(report),
        "savings": [_saving(name, one) for name, one in words.savings(report)],
        "savings_note": words.savings_note(report),
        "sizes": columns(words.sizes(report)),
        "hours": columns(words.hours(report)),
        "busiest": words.busiest(report),
        "groups": [(title, _shares(counts)) for title, counts in words.groups(report)],
        "latencies": [_latency(name, spread) for name, spread in words.latencies(report)],
        "windows": words.windows(report),
        "troubles": words.troubles(report),
        "longest": [_conversation(one, report) for one in report.longest],
        "chart": {"width": WIDTH, "height": HEIGHT, "floor": HEIGHT - BOTTOM, "names": HEIGHT - 8},
    }


def columns(counts: words.Counts) -> list[Column]:
    """Side by side, the highest as high as the chart is."""
    most = max((count for _, count in counts), default=0) or 1
    place = WIDTH / max(len(counts), 6)  # few columns are not made wide
    found = []
    for number, (name, count) in enumerate(counts):
        height = round((HEIGHT - TOP - BOTTOM) * count / most, 1)
        left = number * place
        found.append(
            Column(
                round(left + place * GAP / 2, 1),
                round(HEIGHT - BOTTOM - height, 1),
                round(place * (1 - GAP), 1),
                height,
                round(left + place / 2, 1),
                name,
                count,
                short(count),
            )
        )
    return found


def short(count: int) -> str:
    """In four characters, which find room above a column: 999, 1.2k, 45k, 1.9M."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= 0.9995 * size:
            return f"{count / size:.{1 if count < 9.95 * size else 0}f}{unit}"
    return str(count)


def _shares(counts: words.Counts) -> list[tuple[str, int, str, float]]:
    """Name, count, per cent of all, and the bar's length in per cent of the longest."""
    total, most = sum(count for _, count in counts), max(count for _, count in counts)
    return [(name, count, f"{count / total:.0%}", round(100 * count / most, 1)) for name, count in counts]


def _saving(name: str, one: Saving) -> dict[str, Any]:
    return {
        "name": name,
        "used": one.used,
        "alone": one.alone,
        "fewer": words.percent(one),
        "length": round(100 * one.used / one.alone, 1) if one.alone else 0,
        "cost": words.money(one.money, one.currency),
        "cost_alone": words.money(one.money_alone, one.currency),
        "saved": words.money(one.saved, one.currency),
    }


def _latency(name: str, spread: Spread) -> tuple[Any, ...]:
    times = (spread.p50, spread.p95, spread.p99, spread.most)
    return (name, spread.count, *map(words.seconds, times))


def _conversation(one: Conversation, report: Report) -> tuple[Any, ...]:
    label, ending = name_of(one.label), words.ending(one.ending)
    return (one.batch, one.sender, one.messages, words.opened(one.opened_at, report), label, ending)
