"""The messages that the bench posts, as ready-made HTTP requests."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

PATH = "/api/webhook/sms-received"
TOKEN = "token-of-the-bench-on-the-loopback-interface"
# Philippine mobile prefixes (three digits after +63); seven digits follow each.
PREFIXES = ("917", "918", "919", "920", "927", "998")
TEXTS = ("Yes, I can help", "on my way po", "Sorry, I cannot make it today", "ok", "Opo, darating ako mamaya")
SENDERS_IN_BLOCK = 16


@dataclass(frozen=True)
class Message:
    """One SMS as the phone gateway tells it."""

    guid: str
    number: str
    text: str

    def payload(self) -> dict[str, str]:
        """The webhook's fields for this message."""
        return {
            "date": "2025-01-20",
            "hour": "10:15:00",
            "time_received": "2025-01-20 10:14:50",
            "message": self.text,
            "number": self.number,
            "guid": self.guid,
        }


# What one request carries: a single message or a list.
Post = tuple[Message, ...]


class Traffic:
    """Makes messages that never repeat a guid; senders repeat only inside one call of `take`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._guids = count()
        self._senders = count()

    def take(self, number_of_messages: int, per_sender: int = 1) -> list[Message]:
        """Messages of which each sender has `per_sender`, sixteen senders taking turns."""
        return [
            message for _, message in zip(range(number_of_messages), self._endless(per_sender), strict=False)
        ]

    def _endless(self, per_sender: int) -> Iterator[Message]:
        while True:
            block = [number(next(self._senders)) for _ in range(SENDERS_IN_BLOCK)]
            for _ in range(per_sender):
                for sender in block:
                    index = next(self._guids)
                    yield Message(f"{self._name}-{index}", sender, TEXTS[index % len(TEXTS)])


def number(index: int) -> str:
    """The mobile number (E.164) with this index: another one for each."""
    # Prefixes take turns, so that neighbouring senders do not sit side by side in an index.
    return f"+63{PREFIXES[index % len(PREFIXES)]}{index // len(PREFIXES):07d}"


def grouped(messages: Sequence[Message], size: int) -> list[Post]:
    """`messages` in posts of `size`."""
    return [tuple(messages[start : start + size]) for start in range(0, len(messages), size)]


def body(post: Sequence[Message]) -> dict[str, Any]:
    """What one request carries as JSON: a single message as it is, several as a list."""
    payloads = [message.payload() for message in post]
    return payloads[0] if len(payloads) == 1 else {"messages": payloads}


def request(post: Post) -> bytes:
    """The HTTP request of one post."""
    content = json.dumps(body(post)).encode()
    lines = [f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines.append(f"X-Webhook-Token: {TOKEN}")
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content
