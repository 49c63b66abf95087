"""Where the points of the trend's chart are: shares over weeks, in the units of an SVG."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from classification.evaluation.trend import Share, Week

WIDTH, HEIGHT = 760, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 16, 36  # the margins, which hold the words
STEP = 0.1  # between two lines of the grid


@dataclass(frozen=True)
class Point:
    """A week's share: its place, and the ends of its interval."""

    x: float
    y: float
    low: float
    high: float
    week: date
    share: Share


@dataclass(frozen=True)
class Chart:
    """`line` joins the sample's points; `others` are all judged together; `grid` are heights with their percentages."""

    sample: tuple[Point, ...]
    others: tuple[Point, ...]
    line: str
    grid: tuple[tuple[float, int], ...]
    weeks: tuple[tuple[float, date], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def chart(weeks: tuple[Week, ...]) -> Chart:
    """The chart; its scale begins at the ten per cent below everything that is shown."""
    totals = [_total(week) for week in weeks]
    lows = [week.sample.interval[0] for week in weeks if week.sample.rows]
    lows += [share.accuracy for share in totals if share.accuracy is not None]
    floor = min(int(min(lows, default=0.5) * 10) / 10, 0.9)
    sample = tuple(_points([(week.start, week.sample) for week in weeks], floor))
    return Chart(
        sample,
        tuple(_points([(week.start, share) for week, share in zip(weeks, totals, strict=True)], floor)),
        " ".join(f"{point.x},{point.y}" for point in sample),
        tuple((_y(level, floor), round(level * 100)) for level in _levels(floor)),
        tuple((_x(number, len(weeks)), week.start) for number, week in enumerate(weeks)),
    )


def _total(week: Week) -> Share:
    shares = week.reasons.values()
    return Share(sum(share.right for share in shares), sum(share.rows for share in shares))


def _points(shares: list[tuple[date, Share]], floor: float) -> Iterator[Point]:
    for number, (week, share) in enumerate(shares):
        if share.accuracy is not None:
            low, high = (_y(end, floor) for end in share.interval)
            yield Point(_x(number, len(shares)), _y(share.accuracy, floor), low, high, week, share)


def _levels(floor: float) -> list[float]:
    return [floor + STEP * number for number in range(round((1 - floor) / STEP) + 1)]


def _x(number: int, count: int) -> float:
    room = (WIDTH - LEFT - RIGHT) / max(count, 1)
    return round(LEFT + room * (number + 0.5), 1)


def _y(share: float, floor: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - max(share - floor, 0) / (1 - floor)), 1)
