"""What keeps the tables that only serve the machinery from growing."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django_q.models import OrmQ, Task

from batches.clock import Now
from batches.models import RejectedDelivery, ReportMail
from classification import usage


def prune() -> None:
    """Forget what has served: old refused deliveries, old tasks, old report mails, failed log-ins that count no
    longer, ended log-ins, counts of periods that are over."""
    _rejected()
    usage.prune()
    AccessAttempt.objects.filter(attempt_time__lt=Now() - settings.AXES_COOLOFF_TIME).delete()
    Session.objects.filter(expire_date__lt=Now()).delete()
    _tasks()
    _report_mails()


def _rejected() -> None:
    """Refused deliveries that are older than REJECTED_KEEP_DAYS."""
    RejectedDelivery.objects.filter(at__lt=Now() - timedelta(days=settings.REJECTED_KEEP_DAYS)).delete()


def _tasks() -> None:
    """Results of old tasks, and the queue that the database still holds of a time before Redis.

    What was queued there and not begun is in its rows, and queued again by the sweep.
    """
    Task.objects.filter(stopped__lt=Now() - timedelta(days=settings.TASKS_KEEP_DAYS)).delete()
    if "orm" not in settings.Q_CLUSTER:
        OrmQ.objects.all().delete()


def _report_mails() -> None:
    """Which reports went to whom. A day longer than tasks: the newest row is why its mail is not sent again, and a day
    may have 25 hours."""
    kept = timedelta(days=settings.TASKS_KEEP_DAYS + 1)
    ReportMail.objects.filter(tried_at__lt=Now() - kept).delete()
