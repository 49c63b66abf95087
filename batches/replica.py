"""Reading from the replica, where REPORT_DATABASE_URL names one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError


class ReplicaAway(Exception):
    """It cannot be read now; the message says whose setting that is and why."""


@contextmanager
def asked() -> Iterator[None]:
    """What fails in here because the replica cannot be used, or read, raises ReplicaAway."""
    try:
        yield
    # The second: it may not be read, or has no tables yet.
    except (OperationalError, ProgrammingError) as error:
        if settings.REPORT_DATABASE == DEFAULT_DB_ALIAS:
            raise
        reason = str(error).strip().partition("\n")[0]
        raise ReplicaAway(
            f"REPORT_DATABASE_URL: the replica cannot be read: {reason}."
            " Without that setting, reports read DATABASE_URL."
        ) from error
