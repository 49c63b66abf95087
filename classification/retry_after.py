"""How long a server asks not to be called (Retry-After; RFC 9110, 10.2.3): seconds, or a date.

It lives in the lowest application so that all others can build on it.
"""

import math
from email.utils import parsedate_to_datetime
from time import time

LONGEST = 86_400.0  # seconds; a wait is recorded as JSON, which knows no infinity


def seconds(value: str) -> float | None:
    """From now on, at most LONGEST; 0 means at once, as does a date that is over. None: it cannot be understood."""
    try:
        wait = float(value)
    except ValueError:
        try:
            wait = max(0.0, parsedate_to_datetime(value).timestamp() - time())
        except (ValueError, OverflowError):
            return None
    return None if math.isnan(wait) or wait < 0 else min(wait, LONGEST)
