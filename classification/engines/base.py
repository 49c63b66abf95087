"""What an engine is: something that reads texts and gives a verdict, or says why it cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from classification.rulesets.live import Live


@dataclass(frozen=True)
class Context:
    """What an engine is told besides the texts.

    `live` is the rule set in force: its categories are the only labels there are. `question` is what people were
    asked, where that is known; `sender` stands for the person without naming him (a keyed hash). `channel_id` says
    whose ceilings a call counts against; None: nobody's.
    """

    live: "Live"
    question: str = ""
    sender: str = ""
    channel_id: int | None = None


@dataclass(frozen=True)
class Matter:
    """One thing that a conversation is about: its category and the words that say so."""

    label: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """One engine's answer: a category's slug, and why (`trace`).

    `confidence` is 0..1 or None where the engine gives none; an engine that is not `sure` would rather somebody else
    decided. `matters` holds every matter of the conversation, the one that `label` names first.
    """

    label: str
    confidence: float | None = None
    sure: bool = True
    matters: tuple[Matter, ...] = ()
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
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.model = model
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.retry_after = retry_after


class Engine(Protocol):
    """Engines keep no state of a conversation and write nothing."""

    def preload(self) -> None:
        """Load what takes time. Opens no connection: the caller may fork afterwards."""
        ...

    def endpoint(self) -> Endpoint | None:
        """The service that it would call now; None when it calls none."""
        ...

    def classify(self, texts: Sequence[str], context: Context) -> Verdict:
        """The verdict on `texts` (one conversation, in order).

        Raises EngineError when there is none.
        """
        ...
