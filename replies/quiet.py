"""Quiet hours: when a channel's automatic replies wait for the morning, or are not sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models


class QuietPolicy(models.TextChoices):
    """What becomes of an automatic reply within the quiet hours."""

    ANSWER = "answer", "Answer at once"
    HOLD = "hold", "Hold the reply until they are over"
    DROP = "drop", "Do not reply"


@dataclass(frozen=True)
class QuietHours:
    """From a time of day until another, which may be on the next day, by the clocks of a place (IANA name)."""

    policy: str = QuietPolicy.ANSWER
    starts: time = time(21)
    ends: time = time(7)
    zone: str = "UTC"

    def seconds_left(self, now: datetime) -> float:
        """Seconds until they are over; 0 when it is not quiet `now` (aware).

        An end that the clocks show twice counts each time; one that they leave out comes as long after what is left
        out as it lies in it.
        """
        zone = ZoneInfo(self.zone)
        local = now.astimezone(zone)
        if not self._holds(local.time()):
            return 0
        day = local.date() if local.time() < self.ends else local.date() + timedelta(days=1)
        first = datetime.combine(day, self.ends, zone)
        moments = [first.astimezone(UTC), first.replace(fold=1).astimezone(UTC)]
        shown = [moment for moment in moments if moment.astimezone(zone).time() == self.ends]
        return min((end - now).total_seconds() for end in shown or moments[:1] if end > now)

    def _holds(self, at: time) -> bool:
        if self.starts <= self.ends:
            return self.starts <= at < self.ends
        return at >= self.starts or at < self.ends
