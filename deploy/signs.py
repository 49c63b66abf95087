"""`python -m deploy.signs --since TIME`: what the rows say of the time since then, as JSON; for a roll-out.

Asked in a process of its own, as the service's user and with the release's own settings. Only columns are read that
every release has.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import django
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, Q

LONGEST = timedelta(hours=2)  # a window is at most one hour


@dataclass(frozen=True)
class Signs:
    """Times are in seconds; counts are of batches and replies that came to their end since the given time."""

    closed: int
    lateness_max: float  # of a batch that was closed: how long after the end of its window
    overdue: float  # of the batch whose window has been over for longest, and which is open
    waiting: float  # of the closed batch that nobody has begun to work on for longest
    settled: int
    failed: int
    replies: int
    replies_bad: int  # refused, or unknown whether sent


def since(moment: datetime) -> Signs:
    """Look at the rows. Times are the database's own."""
    from batches.choices import BatchStatus
    from batches.clock import Now
    from batches.models import Batch
    from replies.models import Reply, ReplyStatus

    # By the one indexed time: what ends now was opened a window, and the time to work on it, before.
    recent = Batch.objects.filter(opened_at__gte=moment - LONGEST)
    late = ExpressionWrapper(F("closed_at") - F("closes_at"), output_field=DurationField())
    closed = recent.filter(closed_at__gte=moment).aggregate(n=Count("id"), late=Max(late))
    settled = recent.filter(completed_at__gte=moment).aggregate(
        n=Count("id"), failed=Count("id", filter=Q(status=BatchStatus.FAILED))
    )
    replies = Reply.objects.filter(settled_at__gte=moment, batch__in=recent).aggregate(
        n=Count("id"), bad=Count("id", filter=Q(status__in=[ReplyStatus.REFUSED, ReplyStatus.UNKNOWN]))
    )
    overdue = _age(Batch.objects.filter(status=BatchStatus.OPEN), "closes_at", Now)
    queued = Batch.objects.filter(status=BatchStatus.CLOSED, postponed=False)
    return Signs(
        closed=closed["n"],
        lateness_max=closed["late"].total_seconds() if closed["late"] else 0.0,
        overdue=overdue,
        waiting=_age(queued, "closed_at", Now),
        settled=settled["n"],
        failed=settled["failed"],
        replies=replies["n"],
        replies_bad=replies["bad"],
    )


def _age(rows: "django.db.models.QuerySet", column: str, now: type) -> float:  # type: ignore[type-arg]
    """How long ago the earliest `column` was; 0 where there is none, or where it is yet to come."""
    age = ExpressionWrapper(now() - Min(column), output_field=DurationField())
    found = rows.aggregate(age=age)["age"]
    return max(0.0, found.total_seconds()) if found else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.signs")
    parser.add_argument(
        "--since", type=datetime.fromisoformat, required=True, help="a time with its zone, ISO 8601"
    )
    moment = parser.parse_args().since
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsconsolidator.settings")
    django.setup()
    print(json.dumps(asdict(since(moment))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
