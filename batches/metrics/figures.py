"""The figures that are added up, and how they look in the row: JSON, labels as a list.

Prometheus' conventions hold for the names: base units, `_total` for counters (prometheus.io/docs/practices/naming).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "smsconsolidator_"
Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Counter:
    """A number that only grows. `start` holds label values that are shown before they first happen."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    start: tuple[tuple[str, ...], ...] = ()

    def add(self, figures: Figures, *labels: str, amount: float = 1) -> None:
        values = figures.setdefault(self.name, {})
        key = json.dumps(labels)
        values[key] = values.get(key, 0) + amount

    def samples(self, figures: Figures) -> Iterator[tuple[Sequence[str], float]]:
        """Each combination of labels with its value."""
        start = self.start if self.labels else ((),)
        values: dict[str, float] = {json.dumps(labels): 0.0 for labels in start} | figures.get(self.name, {})
        for key, value in values.items():
            yield json.loads(key), value


@dataclass(frozen=True)
class Histogram:
    """How long things took (seconds), in buckets by their upper bounds."""

    name: str
    help: str
    bounds: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def observe(self, figures: Figures, seconds: float, *labels: str) -> None:
        entry = figures.setdefault(self.name, {}).setdefault(json.dumps(labels), {"sum": 0, "buckets": {}})
        bound = next((str(bound) for bound in self.bounds if seconds <= bound), "+Inf")
        entry["sum"] += max(0.0, seconds)
        entry["buckets"][bound] = entry["buckets"].get(bound, 0) + 1

    def samples(self, figures: Figures) -> Iterator[tuple[Sequence[str], list[tuple[str, float]], float]]:
        """Each combination of labels with its cumulative buckets and its sum."""
        empty: dict[str, Any] = {} if self.labels else {"[]": {"sum": 0, "buckets": {}}}
        for key, entry in (empty | figures.get(self.name, {})).items():
            total, buckets = 0.0, []
            for bound in [*map(str, self.bounds), "+Inf"]:
                total += entry["buckets"].get(bound, 0)
                buckets.append((bound, total))
            yield json.loads(key), buckets, entry["sum"]


# An alert sees a series grow only if it was there before: what alerts look for begins at 0.
LIMITS = ("ceiling", "ceiling_per_minute", "breaker", "stopped")
ILLS = (
    "timeout",
    "connection",
    "auth",
    "rate_limit",
    "server_error",
    "bad_request",
    "invalid_answer",
    "circuit_open",
)
# Why an engine can give no verdict, beyond a model that is ill. What somebody's own engine says else is OTHER.
FALLBACK_REASONS = (*ILLS, "truncated", "refused", "no_key", "ceiling", "unexpected")
OTHER = "other"
REPLY_OUTCOMES = ("sent", "refused", "unknown", "suppressed", "withdrawn", "postponed")
CALLS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

MESSAGES = Counter("messages", "Messages stored, duplicates left out.", ("channel",))
BATCHES_OPENED = Counter("batches_opened", "Batches opened.", ("channel",))
BATCHES_CLOSED = Counter("batches_closed", "Batches closed.", ("channel",))
BATCHES_SETTLED = Counter("batches_settled", "Batches settled, by how they ended.", ("channel", "outcome"))
REQUEUED = Counter("batches_requeued", "Batches queued again because nobody finished them in time.")
CLASSIFICATIONS = Counter("classifications", "Verdicts, by the engine that decided.", ("engine", "label"))
FALLBACKS = Counter(
    "classification_fallbacks",
    "Verdicts that the engine which was to decide could not give, by who decided instead, and why.",
    ("engine", "reason"),
    tuple(("rules", reason) for reason in FALLBACK_REASONS),
)
REVIEWS = Counter("reviews_asked", "Verdicts that a person should look at.", ("reason",))
MODEL_CALLS = Counter("model_calls", "Questions to a language model.")
MODEL_ERRORS = Counter(
    "model_errors",
    "Model calls without a usable answer, by the reason.",
    ("reason",),
    tuple((ill,) for ill in ILLS),
)
TOKENS = Counter(
    "model_tokens", "Tokens that model calls were billed for.", ("direction",), (("input",), ("output",))
)
COST = Counter("model_cost_dollars", "What model calls cost (US dollars, by the price table).")
REPLIES = Counter(
    "replies",
    "What became of replies; a later attempt counts anew.",
    ("outcome",),
    tuple((outcome,) for outcome in REPLY_OUTCOMES),
)
REPLY_REASONS = Counter(
    "reply_reasons",
    "Why replies were not sent, or not at once.",
    ("outcome", "reason"),
    tuple((outcome, reason) for outcome in ("suppressed", "withdrawn", "postponed") for reason in LIMITS),
)
REPLY_SEGMENTS = Counter("reply_segments", "SMS segments of the replies that were sent.")
LATENESS = Histogram(
    "batch_close_lateness_seconds",
    "Time from a window's end until its batch was closed.",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0, 60.0),
)
SETTLING = Histogram(
    "batch_settling_seconds",
    "Time from a window's end until its batch was settled.",
    (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)
MODEL_LATENCY = Histogram("model_call_duration_seconds", "How long model calls took.", CALLS)
PROVIDER_LATENCY = Histogram(
    "provider_call_duration_seconds",
    "How long calls to the SMS provider took.",
    CALLS,
    ("provider", "outcome"),
)

COUNTERS = (
    MESSAGES, BATCHES_OPENED, BATCHES_CLOSED, BATCHES_SETTLED, REQUEUED, CLASSIFICATIONS, FALLBACKS, REVIEWS,
    MODEL_CALLS, MODEL_ERRORS, TOKENS, COST, REPLIES, REPLY_REASONS, REPLY_SEGMENTS,
)  # fmt: skip
HISTOGRAMS = (LATENESS, SETTLING, MODEL_LATENCY, PROVIDER_LATENCY)
