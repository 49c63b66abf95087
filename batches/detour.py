"""Whether this process's deliveries go straight into the database or by the spool.

Two attributes, because every delivery looks: no file and no lock is touched while all is well.
"""

import contextlib
from collections.abc import Callable, Iterator
from threading import Condition, Event

HOLD_SECONDS = 0.5  # that a delivery waits at most for a detour that is ending


class Detour:
    """`on`: something waits in the spool, and whoever comes later waits behind it. `away`: the database did not answer
    when it was last asked, so nobody but the drainer asks it. `woken`: the drainer has something to look at.
    """

    def __init__(self) -> None:
        self.on = False
        self.away = False
        self.woken = Event()
        self._ending = False
        self._entering = 0
        self._lock = Condition()

    def begin(self, *, away: bool = False) -> None:
        """Send everybody by the spool from now on."""
        with self._lock:
            self.on = True
            self.away = self.away or away
            self._ending = self._ending and not self.away
            self._lock.notify_all()

    def ending(self) -> None:
        """The database stores again and little waits: deliveries wait a moment, for one that went into the spool now
        would keep the detour going, for as long as there are more of them.
        """
        with self._lock:
            self._ending = True

    def over(self) -> bool:
        """Whether a delivery may go straight; it waits HOLD_SECONDS at most for a detour that is ending."""
        if self.on and self._ending:
            with self._lock:
                self._lock.wait_for(lambda: not (self.on and self._ending), HOLD_SECONDS)
        return not self.on

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """While somebody is on the way into the spool, it does not count as empty."""
        with self._lock:
            self.on = True
            self._entering += 1
        try:
            yield
        finally:
            with self._lock:
                self._entering -= 1
            self.woken.set()

    def end_when(self, empty: Callable[[], bool]) -> None:
        """The database answers: let everybody go straight again, once nothing waits any more."""
        with self._lock:
            self.away = False
            self.on = bool(self._entering) or not empty()
            self._ending = self._ending and self.on
            self._lock.notify_all()


detour = Detour()
