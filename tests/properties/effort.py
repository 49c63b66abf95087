"""How hard the properties are tried: HYPOTHESIS_EFFORT=20 tries twenty times as many examples, at random ones.

Without it every run tries the same examples, so that a change breaks the build and not the weather.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings

STEPS = 40  # in one life, at most
EFFORT = int(os.environ.get("HYPOTHESIS_EFFORT", "1"))


def effort(examples: int, **options: Any) -> settings:
    """So many examples, times the effort."""
    return settings(
        max_examples=examples * EFFORT,
        derandomize=EFFORT == 1,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        **options,
    )
