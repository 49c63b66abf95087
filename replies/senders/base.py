"""What a sender is, and the three answers that a provider can give."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class SendKind(StrEnum):
    """ACCEPTED: the provider has it. REFUSED: surely not sent. UNKNOWN: it may have been sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SendResult:
    """The outcome of one call.

    `reason` is short and countable ("http_401", "timeout"), `error` is for people, `response` is the start
    of the provider's answer; none of them holds a secret. `retryable`: refused for now only, or never asked.
    """

    kind: SendKind
    provider_message_id: str = ""
    reason: str = ""
    error: str = ""
    http_status: int | None = None
    response: str = ""
    retryable: bool = False


def accepted(provider_message_id: str) -> SendResult:
    return SendResult(SendKind.ACCEPTED, provider_message_id=provider_message_id)


def refused(reason: str, error: str, *, retryable: bool = False) -> SendResult:
    return SendResult(SendKind.REFUSED, reason=reason, error=error, retryable=retryable)


def unknown(reason: str, error: str) -> SendResult:
    return SendResult(SendKind.UNKNOWN, reason=reason, error=error)


class Sender(Protocol):
    """Sends one text. Trouble with the provider is a result, never an exception."""

    name: str

    def send(self, to: str, body: str, *, reference: str) -> SendResult:
        """Send `body` to `to` (E.164) once. `reference` is the same for every attempt of one reply."""
        ...
