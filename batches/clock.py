"""The database's clock, which decides about windows and leases: several machines agree on it."""

from datetime import UTC, datetime

from classification.clock import Now

__all__ = ["Now", "sqlite_now"]


def utc_text(at: datetime) -> str:
    """An aware time as SQLite keeps it, without its zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def sqlite_now() -> str:
    """The same for a parameter, so that several statements share one time."""
    return f"{datetime.now(UTC).replace(tzinfo=None).isoformat(' ', 'milliseconds')}000"
