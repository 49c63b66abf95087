"""A report's figures, and what follows from them by arithmetic alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from batches.bill import Bill
from batches.reporting.windows import Windows
from classification.ranks import nearest_rank
from replies.costs import BILLED
from replies.models import ReplyStatus

HOURS = range(24)
# What each latency is, for people.
LATENCIES = {
    "close": "Window closed late by",
    "model": "The model's answer",
    "provider": "The provider's answer",
    "after_window": "Settled after the window's end",
    "end_to_end": "Settled after the first message",
}


@dataclass(frozen=True)
class Spread:
    """How a latency is spread, in seconds."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread | None":
        """By nearest rank; None where there is nothing to tell."""
        if not seconds:
            return None
        ordered = sorted(seconds)
        p50, p95, p99 = (nearest_rank(ordered, percent) for percent in (50, 95, 99))
        return cls(len(ordered), p50, p95, p99, ordered[-1])

    def as_dict(self) -> dict[str, float]:
        """For machines, in seconds."""
        spread = {"p50": self.p50, "p95": self.p95, "p99": self.p99, "max": self.most}
        return {"count": self.count, **{name: round(value, 3) for name, value in spread.items()}}


@dataclass(frozen=True)
class Saving:
    """Something that is paid for: how much of it with consolidation, and without, one conversation a message.

    Money is None where no price is known; `currency` is its ISO 4217 code.
    """

    used: int
    alone: int
    money: Decimal | None
    money_alone: Decimal | None
    currency: str

    @property
    def share(self) -> float:
        """Of what it would have been, 0 to 1; 0 where there was nothing to save."""
        return 1 - self.used / self.alone if self.alone else 0.0

    @property
    def saved(self) -> Decimal | None:
        """In money."""
        if self.money is None or self.money_alone is None:
            return None
        return self.money_alone - self.money

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        with_price = {"cost": self.money, "cost_without": self.money_alone, "saved": self.saved}
        return {
            "with": self.used,
            "without": self.alone,
            "fewer": round(self.share, 4),
            "currency": self.currency,
            **{name: None if money is None else float(money) for name, money in with_price.items()},
        }


@dataclass
class Spent:
    """SMS segments that were paid in one currency, and what they cost: so many, and one reply a message."""

    used: int = 0
    alone: int = 0
    money: Decimal = Decimal(0)
    money_alone: Decimal = Decimal(0)

    def add(self, segments: int, price: Decimal | None, times: int) -> None:
        """A reply, which would have been written `times` times; `price` is that of all its segments."""
        self.used += segments
        self.alone += segments * times
        self.money += price or 0
        self.money_alone += (price or 0) * times

    def saving(self, currency: str) -> Saving:
        """Without a currency no price was known."""
        paid, alone = (self.money, self.money_alone) if currency else (None, None)
        return Saving(self.used, self.alone, paid, alone, currency)


@dataclass(frozen=True)
class Conversation:
    """One of the longest. The number is masked: a report outlives the permissions of the admin, where the id leads."""

    batch: int
    sender: str
    messages: int
    opened_at: datetime
    label: str
    ending: str


@dataclass
class Report:
    """Figures of the conversations that were opened in a period. Times are UTC; `zone` is for the hours of the day.

    `asked` counts calls of the model, `asked_alone` what they would have been with one for each message; `paid` is what
    was recorded, in US dollars, without the `unpriced` calls. `spent` is what replies cost by currency (empty: no
    price is known), `priced_today` of them by a price of now. `suppressed` counts replies that were not sent, by the
    rule that said so.
    """

    since: datetime
    until: datetime
    channel: str
    zone: str
    batches: int = 0
    settled: int = 0
    messages: int = 0
    sizes: Counter[int] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    replies: dict[str, Counter[str]] = field(default_factory=dict)
    suppressed: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    asked: int = 0
    asked_alone: int = 0
    paid: Decimal = Decimal(0)
    paid_alone: Decimal = Decimal(0)
    unpriced: int = 0
    spent: dict[str, Spent] = field(default_factory=dict)
    priced_today: int = 0
    latencies: dict[str, Spread | None] = field(default_factory=dict)
    hours: Counter[int] = field(default_factory=Counter)
    longest: list[Conversation] = field(default_factory=list)
    windows: Windows | None = None
    bill: Bill | None = None

    @property
    def messages_per_batch(self) -> float:
        return self.messages / self.batches if self.batches else 0.0

    @property
    def calls(self) -> Saving:
        """Of the model."""
        known = self.paid or not self.unpriced
        paid, alone = (self.paid, self.paid_alone) if known else (None, None)
        return Saving(self.asked, self.asked_alone, paid, alone, "USD")

    @property
    def sms(self) -> Saving:
        """SMS credits; their price where all were paid in one currency."""
        if len(self.spent) == 1:
            return self.sms_by_currency[0]
        used, alone = (sum(getattr(one, name) for one in self.spent.values()) for name in ("used", "alone"))
        return Saving(used, alone, None, None, "")

    @property
    def sms_by_currency(self) -> list[Saving]:
        """SMS credits at the prices of their time, the most first."""
        ordered = sorted(self.spent.items(), key=lambda pair: (-pair[1].used, pair[0]))
        return [one.saving(currency) for currency, one in ordered]

    @property
    def replied(self) -> int:
        """Replies that the provider took."""
        return self._replies(*(set(BILLED) - {ReplyStatus.UNKNOWN}))

    @property
    def troubles(self) -> dict[str, int]:
        """What an operator should look at."""
        return {
            "conversations_failed": self.outcomes["undecided"] + self.outcomes["error"],
            "replies_refused": self._replies(ReplyStatus.REFUSED),
            "replies_unknown": self._replies(ReplyStatus.UNKNOWN),
            "deliveries_rejected": self.rejected,
        }

    @property
    def busiest(self) -> list[int]:
        """The three hours of the day with the most messages, the busiest first."""
        return [hour for hour, _ in sorted(self.hours.items(), key=lambda pair: (-pair[1], pair[0]))[:3]]

    def _replies(self, *statuses: str) -> int:
        return sum(counts[status] for counts in self.replies.values() for status in statuses)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "channel": self.channel or None,
            "time_zone": self.zone,
            "batches": self.batches,
            "settled": self.settled,
            "messages": self.messages,
            "messages_per_batch": round(self.messages_per_batch, 3),
            "sizes": {str(size): self.sizes[size] for size in sorted(self.sizes)},
            "verdicts": dict(self.verdicts),
            "labels": dict(self.labels),
            "outcomes": dict(self.outcomes),
            "replies": {kind: dict(counts) for kind, counts in self.replies.items()},
            "suppressed": dict(self.suppressed),
            "model_calls": self.calls.as_dict() | {"without_price": self.unpriced},
            "sms_credits": self.sms.as_dict()
            | {
                "by_currency": [one.as_dict() for one in self.sms_by_currency],
                "priced_today": self.priced_today,
            },
            "errors": dict(self.errors),
            "troubles": self.troubles,
            "latency_seconds": {name: spread.as_dict() for name, spread in self.latencies.items() if spread},
            "messages_by_hour": {f"{hour:02}": self.hours[hour] for hour in HOURS},
            "longest": [_conversation(one) for one in self.longest],
            "adaptive_window": self.windows.as_dict() if self.windows else None,
            "bill": self.bill.as_dict() if self.bill else None,
        }


def _conversation(one: Conversation) -> dict[str, Any]:
    return {
        "batch": one.batch,
        "sender": one.sender,
        "messages": one.messages,
        "opened_at": one.opened_at.isoformat(),
        "label": one.label,
        "outcome": one.ending,
    }
