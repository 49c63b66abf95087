"""What comes of asking: each engine's turn, and the verdict of all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from classification.engines.base import Matter, Verdict

NO_KEY = "no_key"
CIRCUIT_OPEN = "circuit_open"
CEILING = "ceiling"
NOT_ASKED = frozenset({NO_KEY, CIRCUIT_OPEN, CEILING})  # codes of turns in which no call left for the model


def asked(attempt: Mapping[str, Any]) -> bool:
    """Whether a call left for a model in this turn, as a row keeps it: a turn that asked names the model."""
    return bool(attempt.get("model")) and attempt.get("code") not in NOT_ASKED


@dataclass(frozen=True)
class EngineAttempt:
    """One engine's turn. `label` is what it said; `code` is empty when it said something.

    `latency_ms` is in milliseconds.
    """

    engine: str
    model: str = ""
    latency_ms: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    code: str = ""
    message: str = ""
    label: str = ""

    @property
    def reason(self) -> str:
        """Why it said nothing, e.g. "openai: rate_limit: Too many requests"."""
        return ": ".join(part for part in (self.engine, self.code, self.message) if part) if self.code else ""


@dataclass(frozen=True)
class Turn:
    """One engine's turn and its verdict, None when it had none."""

    attempt: EngineAttempt
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Hearing:
    """Who was asked, in order; whose verdict decides; whose was heard besides; who was to decide and could not."""

    turns: tuple[Turn, ...]
    deciding: Turn | None
    other: Turn | None = None
    missed: Turn | None = None

    @property
    def by_model(self) -> bool:
        """Whether a model's verdict decides."""
        return self.deciding is not None and self.deciding.attempt.engine == "openai"


@dataclass(frozen=True)
class Decision:
    """The verdict on one conversation. `engine` is empty and `label` UNDECIDED when no engine could give one.

    `label` is the category that the conversation is given: the deciding engine's, or a safe one instead (safety.py).
    `other_engine` and `other_label` tell what an engine that did not decide says; `review` why a person should look,
    and is empty where there is no need. `latency_ms` is the deciding engine's, `cost` is in US dollars, None where no
    price is known; `fallback_reason` says why the engine that was to decide did not. `language` is the one that the
    texts seem to be written in, by the words that the rule set knows; empty where none stands out.
    """

    label: str
    engine: str = ""
    model: str = ""
    ruleset: int | None = None
    confidence: float | None = None
    matters: tuple[Matter, ...] = ()
    other_engine: str = ""
    other_label: str = ""
    review: str = ""
    question: str = ""
    latency_ms: int = 0
    cost: Decimal | None = None
    fallback_reason: str = ""
    language: str = ""
    trace: Mapping[str, Any] = field(default_factory=dict)
    attempts: tuple[EngineAttempt, ...] = ()

    @property
    def input_tokens(self) -> int | None:
        """Billed for all attempts together."""
        return _total(attempt.input_tokens for attempt in self.attempts)

    @property
    def output_tokens(self) -> int | None:
        """Billed for all attempts together."""
        return _total(attempt.output_tokens for attempt in self.attempts)

    @property
    def error(self) -> str:
        """What the engines that failed said. A key that is not set is a choice, not a failure."""
        return "; ".join(a.reason for a in self.attempts if a.code not in ("", NO_KEY))


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
