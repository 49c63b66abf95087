"""Whether this process's deliveries go straight into the database or by the spool.

Two attributes, because every delivery looks: no file and no lock is touched while all is well.
"""

import contextlib
from collections.abc import Callable, Iterator
from threading import Event, Lock


class Detour:
    """`on`: something waits in the spool, and whoever comes later waits behind it. `away`: the database did not answer
    when it was last asked, so nobody but the drainer asks it. `woken`: the drainer has something to look at.
    """

    def __init__(self) -> None:
        self.on = False
        self.away = False
        self.woken = Event()
        self._entering = 0
        self._lock = Lock()

    def begin(self, *, away: bool = False) -> None:
        """Send everybody by the spool from now on."""
        with self._lock:
            self.on = True
            self.away = self.away or away

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


detour = Detour()
