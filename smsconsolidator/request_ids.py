"""The id that a proxy gives each request (X-Request-ID), for the log lines that are written while it is worked on."""

import re
from contextvars import ContextVar

# Whoever posts straight to the service can send one: it may mark lines, not shape them.
_FITTING = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(request_id: str) -> None:
    """From here on this thread works on that request; what does not look like an id counts as none."""
    _current.set(request_id if _FITTING.fullmatch(request_id) else "")


def current() -> str:
    """The id of the request that this thread works on; empty where there is none."""
    return _current.get()
