"""A node's clock that is stepped back and forth, as a bad time server does it.

libfaketime (Debian: libfaketime) shows it to every process of the node: it reads the offset from a file, once a second.
Clocks that only run forwards (CLOCK_MONOTONIC) are left alone, as the kernel leaves them.
"""

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import ServerError

STEPS = ("+60", "+0", "-60", "+0")  # seconds
LIBRARY = "faketime/libfaketimeMT.so.1"
SLEEP = Path(__file__).with_name("stepped")  # what Python is to load at its start


@dataclass
class Clock:
    """A clock that is `file` off, in seconds; right until it is stepped."""

    file: Path

    def __post_init__(self) -> None:
        self._set("+0")

    def environment(self) -> Mapping[str, str]:
        """What a process must be started with. Raises ServerError where libfaketime is not installed."""
        return {
            "LD_PRELOAD": _library(),
            "PYTHONPATH": str(SLEEP),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step_evenly(self, times: int, seconds: float, stop: threading.Event) -> int:
        """Step it so many times within `seconds`, or until `stop`; says how often it did. It is right in the end."""
        done = 0
        for offset in itertools.islice(itertools.cycle(STEPS), times):
            if stop.wait(seconds / (times + 1)):
                break
            self._set(offset)
            done += 1
        self._set("+0")
        return done

    def _set(self, offset: str) -> None:
        """Replaced as a whole, so that nobody reads half of it."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.replace(self.file)


def _library() -> str:
    found = sorted(Path("/usr/lib").glob(f"*/{LIBRARY}"))
    if not found:
        raise ServerError("libfaketime is not installed (Debian: apt-get install libfaketime)")
    return str(found[-1])
