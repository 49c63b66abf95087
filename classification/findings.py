"""What a look at something found. It lives in the lowest application so that all others can build on it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """OK, or what an operator may want to mend (WARNING), or has to (PROBLEM)."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What was seen, and what to do about it (nothing where all is well). Holds no secret."""

    state: State
    told: str
    mend: str = ""


def ok(told: str) -> Finding:
    """All is well."""
    return Finding(State.OK, told)


def warning(told: str, mend: str) -> Finding:
    """It works, and something had better be mended."""
    return Finding(State.WARNING, told, mend)


def problem(told: str, mend: str) -> Finding:
    """It does not work until something is mended."""
    return Finding(State.PROBLEM, told, mend)
