"""How processes sleep whose clock is stepped (see ../clock.py). Python imports it by itself at their start.

Python sleeps until a moment of CLOCK_MONOTONIC. libfaketime 0.9.10 moves that moment by the date, although it is told
to leave this clock alone, and the kernel refuses what comes out (EINVAL). select(2) takes a span, and is left alone.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
