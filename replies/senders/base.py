"""What a sender is, and the three answers that a provider can give."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from classification.findings import Finding


class SendKind(StrEnum):
    """ACCEPTED: the provider has it. REFUSED: surely not sent. UNKNOWN: it may have been sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SendResult:
    """The outcome of one call.

    `reason` is short and countable ("http_401", "timeout"), `error` is for people, `response` is the start
    of the provider's answer; none of them holds a secret. `retryable`: refused for now only, or never asked;
    `retry_after`: after how many seconds the provider wants to be asked again, if it said so. `opted_out`: it refused
    because the receiver has told it to (Twilio's 21610, Telnyx's 40300), which is written into the ledger of consent.
    """

    kind: SendKind
    provider_message_id: str = ""
    reason: str = ""
    error: str = ""
    http_status: int | None = None
    response: str = ""
    retryable: bool = False
    retry_after: float | None = None
    opted_out: bool = False


def accepted(provider_message_id: str) -> SendResult:
    """The provider has it, under this id; empty where it gave none."""
    return SendResult(SendKind.ACCEPTED, provider_message_id=provider_message_id)


def refused(reason: str, error: str, *, retryable: bool = False, opted_out: bool = False) -> SendResult:
    """It was surely not sent. The arguments are as in SendResult."""
    return SendResult(SendKind.REFUSED, reason=reason, error=error, retryable=retryable, opted_out=opted_out)


def unknown(reason: str, error: str) -> SendResult:
    """It may have been sent. The arguments are as in SendResult."""
    return SendResult(SendKind.UNKNOWN, reason=reason, error=error)


@dataclass(frozen=True)
class Account:
    """Whose account sends: a name of SENDERS (empty: SMS_SENDER) and its key (empty: the environment's)."""

    provider: str = ""
    key: str = field(default="", repr=False)


class Sender(Protocol):
    """Sends one text. Trouble with the provider is a result, never an exception."""

    name: str
    idempotent: bool  # the provider sends once for a reference, however often it is asked

    def send(self, to: str, body: str, *, reference: str, key: str = "") -> SendResult:
        """Send `body` to `to` (E.164) once. `reference` (a UUID) is the same for every attempt of one reply.

        `key` is the account's; empty: the one in the environment.
        """
        ...

    def examine(self, *, key: str = "") -> Finding:
        """Whether it could send, without sending: reachable, and the key is taken where the provider can be asked."""
        ...
