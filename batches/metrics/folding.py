"""What each kind of event adds to the figures."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from batches.choices import EventKind, Outcome
from batches.metrics import figures as f
from batches.metrics.figures import Figures
from batches.models import BatchEvent
from classification.decision import NO_KEY, asked
from classification.models import Classification
from replies.models import AttemptOutcome, Reply, ReplyAttempt


class Event(NamedTuple):
    """One event with what its batch tells."""

    kind: str
    at: datetime
    data: dict[str, Any]
    channel: str
    closes_at: datetime
    command: str

    @property
    def after_window(self) -> float:
        """Seconds from the window's end to the event."""
        return (self.at - self.closes_at).total_seconds()


def fold(figures: Figures, after: int, until: int) -> None:
    """Add the events numbered above `after` up to `until`."""
    by_kind: dict[str, list[Event]] = defaultdict(list)
    rows = BatchEvent.objects.filter(id__gt=after, id__lte=until, kind__in=FOLDS).order_by("id")
    columns = ("kind", "at", "data", "batch__channel__slug", "batch__closes_at", "batch__command")
    for row in rows.values_list(*columns):
        by_kind[row[0]].append(Event(*row))
    for kind, events in by_kind.items():
        FOLDS[kind](figures, events)
    _calls(figures, [event for kind in CALL_ENDS for event in by_kind.get(kind, [])])


def show_channels(figures: Figures, channels: Iterable[str]) -> None:
    """Each channel's series, before anything has come: of one that begins above 0, Prometheus sees no increase."""
    for channel in channels:
        for counter in (f.MESSAGES, f.BATCHES_OPENED, f.BATCHES_CLOSED):
            counter.add(figures, channel, amount=0)
        for outcome in filter(None, Outcome.values):
            f.BATCHES_SETTLED.add(figures, channel, outcome, amount=0)


def _opened(figures: Figures, events: Sequence[Event]) -> None:
    for event in events:
        f.BATCHES_OPENED.add(figures, event.channel)
    _messages(figures, events)


def _messages(figures: Figures, events: Sequence[Event]) -> None:
    for event in events:
        f.MESSAGES.add(figures, event.channel, amount=len(event.data.get("messages", [None])))


def _closed(figures: Figures, events: Sequence[Event]) -> None:
    for event in events:
        f.BATCHES_CLOSED.add(figures, event.channel)
        if not event.command:  # a command closes its batch before the window is over
            f.LATENESS.observe(figures, event.after_window)


def _settled(figures: Figures, events: Sequence[Event]) -> None:
    for event in events:
        f.BATCHES_SETTLED.add(figures, event.channel, event.data.get("outcome", ""))
        f.SETTLING.observe(figures, event.after_window)


def _requeued(figures: Figures, events: Sequence[Event]) -> None:
    f.REQUEUED.add(figures, amount=len(events))


def _classified(figures: Figures, events: Sequence[Event]) -> None:
    ids = [event.data["classification"] for event in events if "classification" in event.data]
    for verdict in Classification.objects.filter(id__in=ids).order_by("id"):
        f.CLASSIFICATIONS.add(figures, verdict.engine or "none", verdict.label)
        if verdict.fallback_reason:
            f.FALLBACKS.add(figures, verdict.engine or "none", _fallback(verdict.attempts))
        if verdict.review:
            f.REVIEWS.add(figures, verdict.review)
        f.TOKENS.add(figures, "input", amount=verdict.input_tokens or 0)
        f.TOKENS.add(figures, "output", amount=verdict.output_tokens or 0)
        f.COST.add(figures, amount=float(verdict.cost or 0))
        _model_calls(figures, verdict.attempts)


def _fallback(attempts: Iterable[dict[str, Any]]) -> str:
    """Why the first that could not decide did not: one of a few words, for each new one is a series for ever."""
    code = next((attempt["code"] for attempt in attempts if attempt.get("code")), "")
    return code if code in f.FALLBACK_REASONS else f.OTHER


def _model_calls(figures: Figures, attempts: Iterable[dict[str, Any]]) -> None:
    """Calls, and what brought no answer; a key that is not set is a choice, not an error.

    The model's name is no label: servers answer with any, and each new one would be a series for ever.
    """
    for attempt in attempts:
        reason = attempt.get("code")
        if attempt.get("model") and reason and reason != NO_KEY:
            f.MODEL_ERRORS.add(figures, reason)
        if asked(attempt):
            f.MODEL_CALLS.add(figures)
            f.MODEL_LATENCY.observe(figures, attempt.get("latency_ms", 0) / 1000)


def _replied(outcome: str) -> Callable[[Figures, Sequence[Event]], None]:
    def add(figures: Figures, events: Sequence[Event]) -> None:
        for event in events:
            f.REPLIES.add(figures, outcome)
            if reason := event.data.get("reason"):
                f.REPLY_REASONS.add(figures, outcome, str(reason))

    return add


def _calls(figures: Figures, events: Sequence[Event]) -> None:
    """How long the calls took, and what was sent: from the attempts' rows, which the same transactions wrote."""
    ended = {(event.data.get("reply_id"), event.data.get("attempt")) for event in events}
    ids = {reply_id for reply_id, _ in ended if reply_id}
    segments = dict(Reply.objects.filter(id__in=ids).values_list("id", "segments"))
    columns = ("reply_id", "number", "reply__provider", "outcome", "started_at", "finished_at")
    attempts = ReplyAttempt.objects.filter(reply_id__in=ids, finished_at__isnull=False)
    for reply_id, number, provider, outcome, started, finished in attempts.values_list(*columns):
        if (reply_id, number) in ended:
            f.PROVIDER_LATENCY.observe(figures, (finished - started).total_seconds(), provider, outcome)
            if outcome == AttemptOutcome.ACCEPTED:
                f.REPLY_SEGMENTS.add(figures, amount=segments[reply_id])


FOLDS: dict[str, Callable[[Figures, Sequence[Event]], None]] = {
    EventKind.OPENED: _opened,
    EventKind.MESSAGE_ADDED: _messages,
    EventKind.CLOSED: _closed,
    EventKind.REQUEUED: _requeued,
    EventKind.CLASSIFIED: _classified,
    EventKind.COMPLETED: _settled,
    EventKind.FAILED: _settled,
    EventKind.REPLY_SENT: _replied("sent"),
    EventKind.REPLY_REFUSED: _replied("refused"),
    EventKind.REPLY_UNKNOWN: _replied("unknown"),
    EventKind.REPLY_SUPPRESSED: _replied("suppressed"),
    EventKind.REPLY_WITHDRAWN: _replied("withdrawn"),
    EventKind.REPLY_POSTPONED: _replied("postponed"),
}
CALL_ENDS = (EventKind.REPLY_SENT, EventKind.REPLY_REFUSED, EventKind.REPLY_UNKNOWN)
