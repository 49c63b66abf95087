"""The daily report by mail: once a day to each address, whichever node comes first and whatever dies on the way.

A mail server cannot be asked whether it has a mail. So the row is written before the mail is handed over, and only what
surely has not left, because nobody could be reached, is tried again.
"""

import contextlib
import logging
import smtplib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from rich.console import Console

from batches.models import ReportMail
from batches.models.report_mail import MailStatus
from batches.reporting import page, terminal, words
from batches.reporting.figures import Report
from batches.reporting.gathering import Period, gather

log = logging.getLogger(__name__)

WIDTH = 100  # characters of the mail's plain text
ERROR_CHARACTERS = 500
DONE = [MailStatus.SENDING, MailStatus.SENT, MailStatus.REFUSED, MailStatus.UNKNOWN]


@dataclass(frozen=True)
class Due:
    """The newest report that should have gone out: the site's day, and what it tells of (UTC)."""

    day: date
    period: Period


def due(now: datetime) -> Due:
    """By REPORT_EMAIL_AT in the site's time zone; daylight saving moves it with the clock on the wall.

    It tells of everything since that time of the day before: 23 or 25 hours where clocks were changed.
    """
    zone, at = ZoneInfo(settings.REPORT_TIME_ZONE), time.fromisoformat(settings.REPORT_EMAIL_AT)
    day, one_day = now.astimezone(zone).date(), timedelta(days=1)
    if (
        datetime.combine(day, at, zone).astimezone(UTC) > now
    ):  # in UTC: one zone's own times compare by the wall
        day -= one_day
    since, until = (datetime.combine(one, at, zone).astimezone(UTC) for one in (day - one_day, day))
    return Due(day, Period(since, until))


def send_due(now: datetime | None = None) -> int:
    """Send the newest report to every address that has not got it; says how many took it."""
    newest = due(now or timezone.now())
    waiting = _waiting(newest.day)
    if not waiting:
        return 0
    report, sent = gather(newest.period), 0
    for position, to in enumerate(waiting):
        with _connection() as server:  # one for each: a mail that breaks it must not take the others along
            try:
                server.open()
            except OSError as error:  # smtplib's own are, too: no connection, no TLS, no log-in
                _put_off(newest.day, waiting[position:], error)
                break
            sent += _send(newest.day, to, report, server)
    return sent


def objection() -> str:
    """What the mail server has against a connection and our log-in; empty where it takes both. Sends nothing."""
    with _connection() as server:
        try:
            server.open()
        except OSError as error:
            return _told(error)
    return ""


@contextlib.contextmanager
def _connection() -> Iterator[BaseEmailBackend]:
    """To the mail server, not opened yet; closed afterwards, also where only its log-in had failed."""
    server = get_connection()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):  # the mail is through, or told of
            server.close()


def _waiting(day: date) -> list[str]:
    done = set(ReportMail.objects.filter(day=day, status__in=DONE).values_list("to", flat=True))
    return [to for to in dict.fromkeys(settings.REPORT_EMAIL_TO) if to not in done]


def _put_off(day: date, addresses: Sequence[str], error: OSError) -> None:
    told = _told(error)
    for to in addresses:
        ReportMail.objects.get_or_create(
            day=day, to=to, defaults={"status": MailStatus.WAITING, "tried_at": timezone.now()}
        )
        rows = ReportMail.objects.filter(day=day, to=to, status=MailStatus.WAITING)
        rows.update(error=told, tried_at=timezone.now())
    log.error("REPORT NOT SENT, will be tried again | Day: %(day)s | Error: %(error)s", _fields(day, told))


def _send(day: date, to: str, report: Report, server: BaseEmailBackend) -> bool:
    """Claim the mail, hand it over, write what came of it."""
    if not _claim(day, to):
        return False
    status, error = _handed_over(mail(report, to), server)
    told = _told(error) if error else ""
    ReportMail.objects.filter(day=day, to=to).update(status=status, error=told, tried_at=timezone.now())
    if error:
        log.error("REPORT FAILED | Day: %(day)s | Error: %(error)s", _fields(day, told))
    else:
        log.info("REPORT SENT | Day: %(day)s", {"day": str(day)})
    return not error


def _claim(day: date, to: str) -> bool:
    """Of several who try, one gets it."""
    waiting = ReportMail.objects.filter(day=day, to=to, status=MailStatus.WAITING)
    if waiting.update(status=MailStatus.SENDING, tried_at=timezone.now()):
        return True
    try:
        with transaction.atomic():
            ReportMail.objects.create(day=day, to=to, tried_at=timezone.now())
    except IntegrityError:
        return False
    return True


def _handed_over(
    message: EmailMultiAlternatives, server: BaseEmailBackend
) -> tuple[MailStatus, OSError | None]:
    """What became of it. A server that answers has not taken it; one that goes silent may have."""
    try:
        server.send_messages([message])
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        return MailStatus.REFUSED, error
    except OSError as error:
        return MailStatus.UNKNOWN, error
    return MailStatus.SENT, None


def mail(report: Report, to: str) -> EmailMultiAlternatives:
    """Figures to read in the mail itself, as text and as HTML without charts; the whole report as its attachment."""
    subject = f"smsconsolidator: {report.messages:,} messages, {report.batches:,} conversations"
    troubles = sum(report.troubles.values())
    subject += f", {troubles:,} troubles" if troubles else ""
    message = EmailMultiAlternatives(subject, _plain(report), to=[to])
    message.attach_alternative(
        render_to_string("batches/report_mail.html", page.context(report)), "text/html"
    )
    message.attach(words.file_name(report, "html"), page.document(report), "text/html")
    return message


def _plain(report: Report) -> str:
    console = Console(width=WIDTH, color_system=None, file=None)
    with console.capture() as capture:
        console.print(terminal.rendered(report))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _told(error: OSError) -> str:
    """The server's words, bounded. A refused recipient's stand behind its address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return f"{code} {_text(said)}"[:ERROR_CHARACTERS]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"[:ERROR_CHARACTERS]
    return f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS]


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _fields(day: date, error: str) -> dict[str, str]:
    return {"day": str(day), "error": error}
