"""Percentiles.

It lives in the lowest application so that all others can build on it.
"""

from collections.abc import Sequence


def nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """The value that so many per cent (1 to 100) of `ordered` do not exceed: one that was really measured.

    Raises IndexError where there is none.
    """
    return ordered[-(-len(ordered) * percent // 100) - 1]
