"""What the model costs, and would cost otherwise: the same conversations, paid for in four ways."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from classification.decision import EngineAttempt
from classification.memory import MAX_CHARACTERS, text_key
from classification.prices import cost
from classification.rulesets.live import Live
from classification.tokens import Counter

EACH, WINDOW, RULES, MEMORY = "each_message", "window", "rules_first", "memory"
WORDS = {
    EACH: "One call a message",
    WINDOW: "Window: one call a conversation",
    RULES: "… and the rules first (rules_then_llm)",
    MEMORY: "… and the same short texts from memory",
}


@dataclass
class Line:
    """One way of paying: model calls and tokens so far."""

    calls: int = 0
    received: float = 0
    written: float = 0


class Bill:
    """Adds conversations up. Reads them with `rules`; asks no model.

    MEMORY counts a short text that comes again with the same question as free, that is as if two people had
    confirmed its meaning right after the first time: what a long run comes near to, not what a first day costs.
    """

    def __init__(self, rules: Live, database: str = DEFAULT_DB_ALIAS) -> None:
        self.lines = {name: Line() for name in WORDS}
        self.conversations = self.messages = 0
        self._rules, self._counter, self._seen = rules, Counter(rules, database), set[str]()

    @property
    def tokens_from(self) -> str:
        """recorded or estimate: see classification/tokens.py."""
        return "recorded" if self._counter.recorded else "estimate"

    def add(self, texts: Sequence[str], question: str = "") -> None:
        """One conversation."""
        self.conversations += 1
        self.messages += len(texts)
        for text in texts:
            self._call(EACH, [text], question)
        self._call(WINDOW, texts, question)
        if not self._rules.rules.read(texts).sure:
            self._call(RULES, texts, question)
            if not self._known(texts, question):
                self._call(MEMORY, texts, question)

    def as_dict(self) -> dict[str, Any]:
        """For machines. Costs are US dollars, null where the model has no price."""
        return {
            "messages": self.messages,
            "conversations": self.conversations,
            "model": settings.OPENAI_MODEL,
            "tokens_from": self.tokens_from,
            "lines": [{"name": name, **self._told(line)} for name, line in self.lines.items()],
        }

    def _call(self, name: str, texts: Sequence[str], question: str) -> None:
        tokens, line = self._counter.call(texts, question), self.lines[name]
        line.calls += 1
        line.received += tokens.received
        line.written += tokens.written

    def _known(self, texts: Sequence[str], question: str) -> bool:
        if sum(map(len, texts)) > MAX_CHARACTERS:
            return False
        key = text_key(texts, question)
        known = key in self._seen
        self._seen.add(key)
        return known

    def _told(self, line: Line) -> dict[str, Any]:
        money = _dollars(line)
        each = self.messages or 1
        return {
            "calls": line.calls,
            "fewer": 1 - line.calls / each,
            "calls_per_1000_messages": 1000 * line.calls / each,
            "input_tokens": round(line.received),
            "output_tokens": round(line.written),
            "cost": money,
            "cost_per_1000_messages": None if money is None else 1000 * money / each,
        }


def _dollars(line: Line) -> float | None:
    """By the price table."""
    if not line.calls:
        return 0.0
    billed = EngineAttempt(
        "openai",
        settings.OPENAI_MODEL,
        input_tokens=round(line.received),
        output_tokens=round(line.written),
    )
    money: Decimal | None = cost([billed])
    return None if money is None else float(money)


def consolidated(messages: Iterable[tuple[str, datetime, str]], window: timedelta) -> list[list[str]]:
    """The texts of each conversation, as the service would have put messages (sender, time, text) together.

    A window begins with a sender's first message; one that comes when it is over begins the next.
    """
    found, open_until = list[list[str]](), dict[str, tuple[datetime, list[str]]]()
    for sender, at, text in sorted(messages, key=lambda message: message[1]):
        until, texts = open_until.get(sender, (at, []))
        if at >= until:
            until, texts = at + window, []
            found.append(texts)
        texts.append(text)
        open_until[sender] = until, texts
    return found
