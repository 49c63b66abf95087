"""What an engine is: something that reads texts and gives a verdict, or says why it cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from classification.labels import Label


@dataclass(frozen=True)
class Verdict:
    """One engine's answer. `confidence` is 0..1 or None where the engine gives none; `trace` says why."""

    label: Label
    confidence: float | None = None
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """A service outside as an engine uses it: what fails or works as one. `account` is a fingerprint of the key."""

    engine: str
    base_url: str
    model: str
    account: str


class EngineError(Exception):
    """The engine could not decide. `code` is short and countable ("timeout", "rate_limit"), the message is for people.

    The message is in our own words: those of a server may quote what a person wrote. `model` is the one that was
    asked. Tokens that were billed all the same are kept. `retry_after` is what the service asks for, in seconds.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        model: str = "",
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.model = model
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.retry_after = retry_after


class Engine(Protocol):
    """Engines keep no state of a conversation and write nothing."""

    def preload(self) -> None:
        """Load what takes time. Opens no connection: the caller may fork afterwards."""
        ...

    def endpoint(self) -> Endpoint | None:
        """The service that it would call now; None when it calls none."""
        ...

    def classify(self, texts: Sequence[str]) -> Verdict:
        """The verdict on `texts` (one conversation, in order).

        Raises EngineError when there is none.
        """
        ...
