"""What rows say, as this process knows it: read anew every few seconds, and kept while it cannot be read."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from django.db import Error

T = TypeVar("T")
UNREADABLE: tuple[type[Exception], ...] = (Error,)


@dataclass(frozen=True)
class _Known(Generic[T]):
    value: T
    read_at: float


class Believed(Generic[T]):
    """A function that reads, and what it has given: believed for so many seconds, on every node by itself.

    (A cache with a time to live, as cachetools has it, would be empty when the database is away.)
    """

    def __init__(
        self,
        read: Callable[[], T],
        what: str,
        seconds: float,
        unknown: T | None,
        failures: tuple[type[Exception], ...],
    ) -> None:
        self.seconds = seconds
        self._read, self._what, self._unknown, self.failures = read, what, unknown, failures
        # Replaced whole, and without a lock: there is none that a fork could leave held, and two threads that look at
        # the same time read the same thing twice.
        self._known: _Known[T] | None = None
        update_wrapper(self, read)

    def __call__(self) -> T:
        known = self._known
        if known is None:
            return self._anew(self._unknown)
        if monotonic() - known.read_at < self.seconds:
            return known.value
        self._remember(known.value)  # other threads need not look as well, nor this one again if it fails
        return self._anew(known.value)

    @property
    def last(self) -> T | None:
        """What was read last, however long ago."""
        return self._known.value if self._known else None

    def cache_clear(self) -> None:
        """Forget it: the next call reads."""
        self._known = None

    def _anew(self, otherwise: T | None) -> T:
        try:
            return self._remember(self._read())
        except self.failures as error:
            if otherwise is None:
                raise
            fields = {"what": self._what, "error": type(error).__name__}
            logging.getLogger(self._read.__module__).warning("%(what)s cannot be read: %(error)s", fields)
            return otherwise

    def _remember(self, value: T) -> T:
        self._known = _Known(value, monotonic())
        return value


class _Decorator(Protocol):
    def __call__(self, read: Callable[[], T], /) -> Believed[T]: ...


def believed(
    what: str, seconds: float, unknown: Any = None, failures: tuple[type[Exception], ...] = UNREADABLE
) -> _Decorator:
    """Decorates a function that reads `what` (as it is called in the log): believed for `seconds`.

    When reading fails in one of the ways of `failures`, what was read last holds; as long as nothing was, `unknown`
    does, and without it the failure is raised.
    """

    def decorate(read: Callable[[], T], /) -> Believed[T]:
        return Believed(read, what, seconds, unknown, failures)

    return decorate
