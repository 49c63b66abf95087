"""The rows of the mails that carried a daily report: each is sent at most once, whoever sends it."""

from django.db import models
from django.db.models import Q


class MailStatus(models.TextChoices):
    """How far one got. Only what surely has not left is tried again."""

    WAITING = "waiting", "The server could not be reached"
    SENDING = "sending", "Being sent, or nobody knows"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused by the server"
    UNKNOWN = "unknown", "Unknown whether sent"


class ReportMail(models.Model):
    """One day's report to one address. Times are UTC; `day` is the site's (REPORT_TIME_ZONE)."""

    day = models.DateField()
    to = models.CharField(max_length=254)
    status = models.CharField(max_length=8, choices=MailStatus, default=MailStatus.SENDING)
    error = models.TextField(blank=True)
    tried_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "to"], name="report_once_a_day"),
            models.CheckConstraint(
                condition=Q(status__in=MailStatus.values), name="report_mail_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Report of {self.day} ({self.get_status_display().lower()})"
