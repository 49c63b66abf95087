"""Refused attempts: counted in memory, bounded, per process; told in the log at most once a minute per address."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from threading import Lock, Timer

log = logging.getLogger(__name__)

PERIOD = 60.0  # seconds
MAX_ADDRESSES = 10_000
OTHERS = "other addresses"  # those beyond MAX_ADDRESSES, and connections without an address


@dataclass
class _Seen:
    """One address: its failures since `since`, and how many of them no log line has told since `told_at`."""

    since: float
    told_at: float
    count: int = 0
    untold: int = 0


class Failures:
    """Counts failures by address. `door` is what was tried, as the log calls it; `clock` gives seconds."""

    def __init__(self, door: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._door, self._clock = door, clock
        self._lock = Lock()
        self._seen: dict[str, _Seen] = {}
        self._timer: Timer | None = None

    def count(self, address: str | None, limit: int) -> int:
        """Count one more; gives 0, or the seconds to wait when it is over `limit` within a minute."""
        key = _neighbourhood(address)
        with self._lock:
            now = self._clock()
            first = key not in self._seen and len(self._seen) < MAX_ADDRESSES
            key = key if first or key in self._seen else OTHERS
            seen = self._seen.setdefault(key, _Seen(now, now))
            if now - seen.since >= PERIOD:
                seen.since, seen.count = now, 0
            seen.count += 1
            seen.untold += not first
            self._wake_later()
        if first:  # at once, for whoever is just connecting a phone
            self._tell(key, 1)
        return max(1, round(seen.since + PERIOD - now)) if seen.count > limit else 0

    def tell(self) -> None:
        """Log what was counted and not told yet, and forget the addresses that have been quiet for a minute."""
        with self._lock:
            now = self._clock()
            due = {key: seen for key, seen in self._seen.items() if now - seen.told_at >= PERIOD}
            told = {key: seen.untold for key, seen in due.items() if seen.untold}
            for key, seen in due.items():
                seen.told_at, seen.untold = now, 0
                if key not in told:
                    del self._seen[key]
        for key, number in told.items():
            self._tell(key, number)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()

    def _tell(self, address: str, attempts: int) -> None:
        fields = {"door": self._door, "address": address, "attempts": attempts}
        log.warning(
            "%(door)s REFUSED | From: %(address)s | Attempts without a valid token: %(attempts)s", fields
        )

    def _wake_later(self) -> None:
        """One thread while there is something to tell; none in a process where nobody fails."""
        if self._timer is None:
            self._timer = Timer(PERIOD, self._wake)
            self._timer.daemon = True
            self._timer.start()

    def _wake(self) -> None:
        self.tell()
        with self._lock:
            self._timer = None
            if self._seen:
                self._wake_later()


def _neighbourhood(address: str | None) -> str:
    """What one sender can choose from at will counts as one: of IPv6 the /64 network (RFC 4291, section 2.5.4)."""
    if address and ":" in address:
        return str(ip_network(f"{address}/64", strict=False))
    return address or OTHERS
