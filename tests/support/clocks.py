"""A node whose own clock is wrong."""

from datetime import datetime, timedelta, tzinfo


def off_by(time: timedelta) -> type[datetime]:
    """`datetime` as such a node has it, to be put in its place in a module (django.utils.timezone)."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + time

    return Wrong
