"""Times as an operator reads them: UTC, to the millisecond, and how long after another."""

from datetime import datetime, timedelta

from django import template

register = template.Library()


@register.filter
def clock(at: datetime | None) -> str:
    """The time of day in UTC, with milliseconds: 10:14:50.123."""
    return at.strftime("%H:%M:%S.%f")[:-3] if at else "–"


@register.filter
def moment(at: datetime | None) -> str:
    """Date and time in UTC, with milliseconds: 2025-01-20 10:14:50.123."""
    return f"{at:%Y-%m-%d} {clock(at)}" if at else "–"


@register.filter
def span(length: timedelta) -> str:
    """How long: 3 ms, 59.900 s, 2 min 5.0 s, 3 h 4 min, 2 d 3 h; negative ones with a minus sign."""
    seconds = round(length.total_seconds(), 3)
    if seconds < 0:
        return f"\u2212{span(-length)}"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.3f} s"
    if seconds < 3600:
        minutes, rest = divmod(round(seconds, 1), 60)
        return f"{int(minutes)} min {rest:.1f} s"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    return f"{length.days} d {length.seconds // 3600} h"
