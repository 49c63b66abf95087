"""What consolidation did in a period: how many conversations, who decided, what was answered, what it cost."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from batches.bill import Bill
from batches.models import Batch, Channel
from batches.querysets import BatchQuerySet
from classification.models import Classification
from classification.rulesets.live import live
from replies.models import Reply

CHUNK = 500  # conversations read from the database at once
# Attempts that asked nobody.
NOT_ASKED = {"no_key", "circuit_open"}


@dataclass
class Report:
    """Counts of the conversations that were opened in a period; costs in US dollars, `paid` is what was recorded."""

    since: datetime
    until: datetime
    channel: str
    bill: Bill
    batches: int = 0
    messages: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    replies: dict[str, Counter[str]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    paid: Decimal = Decimal(0)

    @property
    def messages_per_batch(self) -> float:
        return self.messages / self.batches if self.batches else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "channel": self.channel or None,
            "batches": self.batches,
            "messages": self.messages,
            "messages_per_batch": round(self.messages_per_batch, 3),
            "verdicts": dict(self.verdicts),
            "labels": dict(self.labels),
            "outcomes": dict(self.outcomes),
            "replies": {kind: dict(counts) for kind, counts in self.replies.items()},
            "errors": dict(self.errors),
            "model_calls": self.calls,
            "cost": float(self.paid),
            "bill": self.bill.as_dict(),
        }


def consolidation(since: datetime, until: datetime, channel: Channel | None = None) -> Report:
    """The report on the batches of a period, of all channels or of one. Reads only."""
    rows = Batch.objects.filter(opened_at__gte=since, opened_at__lt=until)
    if channel:
        rows = rows.filter(channel=channel)
    report = Report(since, until, channel.slug if channel else "", Bill(live()))
    _count_replies(report, rows)
    ids = list(rows.order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        some = Batch.objects.filter(id__in=ids[start : start + CHUNK])
        for batch in some.prefetch_related("messages", "classifications"):
            _count(report, batch)
    return report


def _count_replies(report: Report, rows: BatchQuerySet) -> None:
    found = Reply.objects.filter(batch__in=rows.values("id")).values_list("kind", "status")
    for kind, status in found.order_by().iterator():
        report.replies.setdefault(kind, Counter())[status] += 1


def _count(report: Report, batch: Batch) -> None:
    verdicts = list(batch.classifications.all())
    question = verdicts[0].question if verdicts else ""
    report.batches += 1
    report.messages += batch.message_count
    if texts := [message.text for message in batch.messages.all()]:  # they may be stored no more
        report.bill.add(texts, question)
    report.outcomes[batch.outcome or batch.status] += 1
    if batch.label:
        report.labels[batch.label] += 1
    for verdict in verdicts:
        _count_verdict(report, verdict)


def _count_verdict(report: Report, verdict: Classification) -> None:
    report.verdicts[verdict.engine or "nobody"] += 1
    report.paid += verdict.cost or Decimal(0)
    for attempt in verdict.attempts:
        if attempt["code"]:
            report.errors[f"{attempt['engine']}: {attempt['code']}"] += 1
        report.calls += attempt["engine"] == "openai" and attempt["code"] not in NOT_ASKED
