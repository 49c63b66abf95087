"""A report's figures, from the rows. Reads only, a few passes over the period, each without the texts.

What it counts is read from the replica where REPORT_DATABASE_URL names one; channels and rules are not.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from batches import replica
from batches.bill import Bill
from batches.choices import SETTLED
from batches.masking import mask_number
from batches.models import Batch, Channel, RejectedDelivery
from batches.querysets import BatchQuerySet
from batches.reporting.figures import Conversation, Report, Spent, Spread
from batches.reporting.windows import windows
from classification.decision import asked
from classification.models import Classification
from classification.rulesets.live import live
from replies import costs
from replies.costs import BILLED
from replies.models import Reply, ReplyAttempt, ReplyKind, ReplyStatus
from replies.voice import Voice

CHUNK = 500  # conversations read with their texts at once
ROWS = 5000  # rows without texts
LONGEST = 10


@dataclass(frozen=True)
class Period:
    """Which conversations: opened from `since` until before `until` (UTC), on one channel or on all."""

    since: datetime
    until: datetime
    channel: Channel | None = None

    def of(self, batch: str = "") -> Q:
        """The condition on a batch's rows, or on rows that hang on one by the name of `batch`."""
        wanted: dict[str, Any] = {"opened_at__gte": self.since, "opened_at__lt": self.until}
        if self.channel:
            wanted["channel"] = self.channel
        return Q(**{f"{batch}__{name}" if batch else name: value for name, value in wanted.items()})


@dataclass
class _Seconds:
    """Every latency of the period, by its name in LATENCIES."""

    close: list[float] = field(default_factory=list)
    model: list[float] = field(default_factory=list)
    provider: list[float] = field(default_factory=list)
    after_window: list[float] = field(default_factory=list)
    end_to_end: list[float] = field(default_factory=list)


def gather(period: Period, *, bill: bool = False) -> Report:
    """The report on a period; with `bill` every stored text is read again by the live rules (see bill.py).

    Raises ReplicaAway where the replica it reads from cannot be used.
    """
    channel = period.channel
    report = Report(period.since, period.until, channel.slug if channel else "", zone_of(channel))
    seconds = _Seconds()
    with replica.asked():
        _count_batches(report, period, seconds)
        _count_verdicts(report, period, seconds)
        _count_replies(report, period, seconds)
        report.rejected = _rejected(period)
        report.longest = _longest(period)
        report.windows = windows(_batches().filter(period.of()))
        report.bill = _bill(period) if bill else None
    report.latencies = {name: Spread.of(found) for name, found in vars(seconds).items()}
    return report


def zone_of(channel: Channel | None) -> str:
    """The time zone of a report's hours and days: the channel's own, else the site's."""
    return (channel and channel.time_zone) or settings.REPORT_TIME_ZONE


def _count_batches(report: Report, period: Period, seconds: _Seconds) -> None:
    zone = ZoneInfo(report.zone)
    columns = (
        "message_count", "status", "outcome", "label", "opened_at", "closes_at", "closed_at", "completed_at",
    )  # fmt: skip
    for count, status, outcome, label, opened, closes, closed, completed in _rows(
        Batch, period.of(), columns
    ):
        report.batches += 1
        report.messages += count
        report.settled += status in SETTLED
        report.sizes[count] += 1
        report.outcomes[outcome or status] += 1
        report.hours[opened.astimezone(zone).hour] += count
        if label:
            report.labels[label] += 1
        if closed and closed >= closes:  # a command closes its batch before the window is over
            seconds.close.append((closed - closes).total_seconds())
        if completed:
            seconds.after_window.append(max(0.0, (completed - closes).total_seconds()))
            seconds.end_to_end.append((completed - opened).total_seconds())


def _count_verdicts(report: Report, period: Period, seconds: _Seconds) -> None:
    columns = ("engine", "attempts", "cost", "batch__message_count")
    for engine, attempts, cost, count in _rows(Classification, period.of("batch"), columns):
        report.verdicts[engine or "nobody"] += 1
        calls = [attempt for attempt in attempts if asked(attempt)]
        seconds.model += [attempt.get("latency_ms", 0) / 1000 for attempt in calls]
        report.asked += len(calls)
        report.asked_alone += len(calls) * count
        _pay(report, cost, count, sum(attempt.get("input_tokens") is not None for attempt in calls))
        for attempt in attempts:
            if attempt["code"]:
                report.errors[f"{attempt['engine']}: {attempt['code']}"] += 1


def _pay(report: Report, cost: Decimal | None, count: int, billed: int) -> None:
    """A call about one message costs what one about the conversation costs: the instructions are nearly all of it."""
    if cost is None:
        report.unpriced += billed
    else:
        report.paid += cost
        report.paid_alone += cost * count


def _count_replies(report: Report, period: Period, seconds: _Seconds) -> None:
    columns = ("kind", "status", "reason", "segments", "price", "currency", "batch__message_count")
    for kind, status, reason, segments, price, currency, count in _rows(Reply, period.of("batch"), columns):
        report.replies.setdefault(kind, Counter())[status] += 1
        if status == ReplyStatus.SUPPRESSED:
            report.suppressed[reason] += 1
        if status in BILLED:
            # a command is answered once, however much was written beside it
            times = count if kind == ReplyKind.AUTOMATIC else 1
            if price is None:  # written before prices were kept, or while none was known
                cost = costs.of(segments, Voice())
                price, currency = cost["price"], cost["currency"]
                report.priced_today += price is not None
            report.spent.setdefault(currency, Spent()).add(segments, price, times)
    calls = period.of("reply__batch") & Q(finished_at__isnull=False)
    for started, finished in _rows(ReplyAttempt, calls, ("started_at", "finished_at")):
        seconds.provider.append((finished - started).total_seconds())


def _rows(model: Any, which: Q, columns: tuple[str, ...]) -> Iterator[Any]:
    rows = model.objects.using(settings.REPORT_DATABASE).filter(which).order_by()
    found: Iterator[Any] = rows.values_list(*columns).iterator(ROWS)
    return found


def _batches() -> BatchQuerySet:
    return Batch.objects.using(settings.REPORT_DATABASE)


def _rejected(period: Period) -> int:
    rows = RejectedDelivery.objects.using(settings.REPORT_DATABASE)
    refused = rows.filter(at__gte=period.since, at__lt=period.until)
    return (refused.filter(channel=period.channel) if period.channel else refused).count()


def _longest(period: Period) -> list[Conversation]:
    rows = _batches().filter(period.of()).order_by("-message_count", "id")[:LONGEST]
    return [
        Conversation(
            row.pk,
            mask_number(row.sender),
            row.message_count,
            row.opened_at,
            row.label,
            row.outcome or row.status,
        )
        for row in rows
    ]


def _bill(period: Period) -> Bill:
    bill = Bill(live(), settings.REPORT_DATABASE)
    ids = list(_batches().filter(period.of()).order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        some = _batches().filter(id__in=ids[start : start + CHUNK]).order_by("id")
        for batch in some.prefetch_related("messages", "classifications"):
            texts = [message.text for message in batch.messages.all()]
            if texts and not batch.purged_at:
                verdicts = list(batch.classifications.all())
                bill.add(texts, verdicts[0].question if verdicts else "")
    return bill
