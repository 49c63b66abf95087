"""The HTTP connection under the OpenAI package, bounded in time and size. Imported only when it is used.

A time-out of HTTP clients bounds one read, and none bounds the name look-up: a server that sends a byte now and then
is never late for them. So the call as a whole has an end (OPENAI_DEADLINE), and whatever goes on behind it is told.
"""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar, cast

import httpx2
from openai import DefaultHttpxClient

from classification.deadline import call_with_deadline
from classification.engines.base import EngineError
from classification.retry_after import seconds

T = TypeVar("T")

# Bytes. An answer has one or two thousand.
MAX_BODY = 1024 * 1024
# Seconds that a second try must be left with; a wait that leaves less is not begun.
SHORTEST_TRY = 1.0

_ends_at: ContextVar[float] = ContextVar("ends_at")


def within(limit: float, call: Callable[[], T]) -> T:
    """What `call()` gives, which may use client(). Raises EngineError (timeout) after `limit` seconds."""

    def bounded() -> T:
        _ends_at.set(monotonic() + limit)
        return call()

    try:
        return call_with_deadline(limit, bounded)
    except TimeoutError:
        raise _late() from None


def client(timeout: float) -> httpx2.Client:
    """A client whose every read takes at most `timeout` seconds, or what is left of the call around it."""
    hooks: dict[str, list[Callable[..., None]]] = {
        "request": [_hurry],
        "response": [_bound, _forbid_long_waits],
    }
    return DefaultHttpxClient(timeout=timeout, event_hooks=hooks)


def retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds for which the server asks not to be called, if it does: "at once" asks for no wait."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        if wait := seconds(headers.get(name, "")):
            return wait / unit
    return None


def _left() -> float:
    left = _ends_at.get() - monotonic()
    if left <= 0:
        raise _late()
    return left


def _late() -> EngineError:
    return EngineError("timeout", "No complete answer before the deadline.")


def _hurry(request: httpx2.Request) -> None:
    """Nothing begins when nobody waits any more, and nothing takes longer than somebody waits."""
    left = _left()
    timeouts = request.extensions.get("timeout", {})
    request.extensions = {
        **request.extensions,
        "timeout": {phase: min(left, limit) for phase, limit in timeouts.items() if limit},
    }


def _bound(response: httpx2.Response) -> None:
    response.stream = _Bounded(cast("httpx2.SyncByteStream", response.stream))


def _forbid_long_waits(response: httpx2.Response) -> None:
    """The package waits as long as the server says, up to two minutes: only where there is time for it."""
    wait = retry_after(response.headers) or SHORTEST_TRY
    if wait + SHORTEST_TRY > _left():
        response.headers["x-should-retry"] = "false"


class _Bounded(httpx2.SyncByteStream):
    """A body that ends in time, however it drips, and at MAX_BODY, however it floods."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BODY:
                raise EngineError("invalid_answer", f"The answer is longer than {MAX_BODY} bytes.")
            _left()
            yield chunk

    def close(self) -> None:
        self._stream.close()
