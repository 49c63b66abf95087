"""The daily report by mail, through a real SMTP server on loopback."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from threading import Barrier
from typing import Any

import pytest
from django.core import checks
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from django_q.models import Schedule

from batches import housekeeping, schedules, tasks
from batches.checks import check_report_mail
from batches.models import ReportMail
from batches.models.report_mail import MailStatus
from batches.reporting.mailing import due, send_due
from bench.processes import free_port
from smsconsolidator.env import Environment
from smsconsolidator.env import mail_server as read
from tests.batches.test_replay import recorded
from tests.support.mail_server import PASSWORD, USER, Mailbox, mail_server

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # half past eight in Manila
DAY = date(2026, 3, 2)
THREE = ["ben@example.org", "ana@example.org", "rey@example.org"]


@pytest.fixture
def box(settings: Any) -> Iterator[Mailbox]:
    """The server that the settings name."""
    port = free_port()
    _configure(settings, port)
    with mail_server(port) as box:
        yield box


def _configure(settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # Django's tests replace it
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, PASSWORD
    settings.DEFAULT_FROM_EMAIL = USER
    settings.REPORT_EMAIL_TO = ["ben@example.org"]


def states() -> dict[str, str]:
    return dict(ReportMail.objects.values_list("to", "status"))


class TestMail:
    def test_it_is_sent_once_a_day(self, box: Mailbox) -> None:
        assert [send_due(NOW), send_due(NOW)] == [1, 0]
        assert states() == {"ben@example.org": MailStatus.SENT}
        assert ReportMail.objects.get().day == DAY
        assert len(box.mails) == 1
        tomorrow = NOW.replace(day=3)
        assert send_due(tomorrow) == 1

    def test_its_file_is_named_by_the_sites_day(self, box: Mailbox) -> None:
        send_due(NOW)
        [(_, mail)] = box.mails
        assert [part.get_filename() for part in mail.iter_attachments()] == [f"report-{DAY}.html"]

    def test_what_is_in_it(self, box: Mailbox) -> None:
        recorded("Yes", "see you", days=0.01)
        send_due()
        [(to, mail)] = box.mails
        assert (to, mail["From"]) == ("ben@example.org", USER)
        text, html, attached = _parts(mail)
        assert "Messages in a conversation" in text
        assert "The whole report" in html
        assert attached.startswith("<!DOCTYPE html>")
        assert "+63917" not in text + html + attached

    def test_it_tells_of_the_24_hours_before(self, box: Mailbox) -> None:
        send_due(NOW)
        [(_, mail)] = box.mails
        assert "2026-03-01 07:00 to 2026-03-02 07:00 (Asia/Manila)" in _parts(mail)[0]

    def test_each_address_has_a_mail_of_its_own(self, box: Mailbox, settings: Any) -> None:
        settings.REPORT_EMAIL_TO = ["ben@example.org", "ana@example.org", "ben@example.org"]
        box.refused = {"ben@example.org"}
        assert send_due(NOW) == 1
        assert states() == {"ben@example.org": MailStatus.REFUSED, "ana@example.org": MailStatus.SENT}
        assert [to for to, _ in box.mails] == ["ana@example.org"]

    def test_nobody_is_written_to_unless_somebody_is_named(self, box: Mailbox, settings: Any) -> None:
        settings.REPORT_EMAIL_TO = []
        assert send_due(NOW) == 0
        assert not ReportMail.objects.exists()


class TestOld:
    def test_rows_are_forgotten_and_nothing_is_sent_again(self, box: Mailbox, settings: Any) -> None:
        settings.TASKS_KEEP_DAYS = 1  # the least
        now = timezone.now()
        for days, hours in ((1, 26), (2, 49)):  # two days, whatever time of day it is
            day, tried = now.date() - timedelta(days=days), now - timedelta(hours=hours)
            ReportMail.objects.create(day=day, to="ana@example.org", tried_at=tried)
        assert send_due(now) == 1
        housekeeping.prune()
        assert sorted(ReportMail.objects.values_list("to", flat=True)) == [
            "ana@example.org",
            "ben@example.org",
        ]
        assert send_due(now) == 0
        assert len(box.mails) == 1


class TestTrouble:
    def test_a_server_that_is_away_is_told_of_and_tried_again(
        self, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        port = free_port()
        _configure(settings, port)
        with caplog.at_level(logging.ERROR):
            assert send_due(NOW) == 0
        assert "REPORT NOT SENT" in caplog.text
        row = ReportMail.objects.get()
        assert (row.status, "refused" in row.error) == (MailStatus.WAITING, True)
        with mail_server(port) as box:
            assert [send_due(NOW), send_due(NOW)] == [1, 0]
        assert len(box.mails) == 1
        assert states() == {"ben@example.org": MailStatus.SENT}

    def test_a_wrong_password_is_told_of_and_not_shown(
        self, box: Mailbox, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.EMAIL_HOST_PASSWORD = "not-the-password"
        send_due(NOW)
        assert ReportMail.objects.get().status == MailStatus.WAITING
        assert "535" in ReportMail.objects.get().error
        assert "not-the-password" not in caplog.text + ReportMail.objects.get().error

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            ("554 5.7.1 looks like spam", MailStatus.REFUSED),
            ("451 4.3.0 try later", MailStatus.REFUSED),
            (None, MailStatus.UNKNOWN),
        ],
    )
    def test_what_may_have_left_is_not_sent_again(
        self, box: Mailbox, caplog: pytest.LogCaptureFixture, answer: str | None, status: str
    ) -> None:
        """None: the connection breaks after the mail was handed over, as it may when the server has it."""
        box.answers = [answer]
        with caplog.at_level(logging.ERROR):
            assert [send_due(NOW), send_due(NOW)] == [0, 0]
        assert states() == {"ben@example.org": status}
        assert "REPORT FAILED" in caplog.text
        assert (len(box.mails), box.answers) == (0 if answer else 1, [])
        if answer:
            assert answer in ReportMail.objects.get().error

    @pytest.mark.parametrize("answer", ["421 4.3.2 shutting down", None])
    def test_one_that_breaks_takes_no_other_along(self, box: Mailbox, settings: Any, answer: Any) -> None:
        settings.REPORT_EMAIL_TO, box.answers = THREE, [answer]
        assert send_due(NOW) == 2
        broken = MailStatus.REFUSED if answer else MailStatus.UNKNOWN
        assert [states()[to] for to in THREE] == [broken, MailStatus.SENT, MailStatus.SENT]

    def test_a_server_that_goes_away_between_two_is_tried_again(self, box: Mailbox, settings: Any) -> None:
        settings.REPORT_EMAIL_TO, box.connections = THREE, 1
        assert send_due(NOW) == 1
        assert [states()[to] for to in THREE] == [MailStatus.SENT, MailStatus.WAITING, MailStatus.WAITING]
        box.connections = 2
        assert send_due(NOW) == 2
        assert [to for to, _ in box.mails] == THREE

    def test_who_dies_while_sending_leaves_a_mail_that_nobody_repeats(self, box: Mailbox) -> None:
        ReportMail.objects.create(day=DAY, to="ben@example.org", tried_at=NOW)
        assert send_due(NOW) == 0
        assert box.mails == []


@pytest.mark.django_db(transaction=True)
def test_of_nodes_that_send_at_once_one_does(box: Mailbox, settings: Any) -> None:
    settings.REPORT_EMAIL_TO = [f"{name}@example.org" for name in "abcdef"]
    together = Barrier(4)

    def node(_: int) -> int:
        try:
            together.wait()
            return send_due(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as nodes:
        assert sum(nodes.map(node, range(4))) == 6
    assert sorted(to for to, _ in box.mails) == settings.REPORT_EMAIL_TO


class TestWhen:
    @pytest.mark.parametrize(
        ("zone", "now", "day", "until"),
        [
            ("Asia/Manila", datetime(2026, 3, 2, 0, 0, tzinfo=UTC), 2, datetime(2026, 3, 1, 23, tzinfo=UTC)),
            (
                "Asia/Manila",
                datetime(2026, 3, 1, 22, 59, tzinfo=UTC),
                1,
                datetime(2026, 2, 28, 23, tzinfo=UTC),
            ),
            ("UTC", datetime(2026, 3, 1, 7, 0, tzinfo=UTC), 1, datetime(2026, 3, 1, 7, tzinfo=UTC)),
            # the night in which clocks go forward
            (
                "Europe/Berlin",
                datetime(2026, 3, 29, 5, 0, tzinfo=UTC),
                29,
                datetime(2026, 3, 29, 5, tzinfo=UTC),
            ),
            (
                "Europe/Berlin",
                datetime(2026, 3, 28, 6, 0, tzinfo=UTC),
                28,
                datetime(2026, 3, 28, 6, tzinfo=UTC),
            ),
        ],
    )
    def test_it_is_the_newest_due(
        self, settings: Any, zone: str, now: datetime, day: int, until: datetime
    ) -> None:
        settings.REPORT_TIME_ZONE = zone
        assert (due(now).day.day, due(now).period.until) == (day, until)

    def test_it_is_due_by_the_instant_where_its_time_is_left_out(self, settings: Any) -> None:
        """In New York 02:30 does not come on that day: what then is half past two is half past three."""
        settings.REPORT_TIME_ZONE, settings.REPORT_EMAIL_AT = "America/New_York", "02:30"
        early, late = (datetime(2026, 3, 8, 7, minute, tzinfo=UTC) for minute in (5, 35))
        assert [due(early).day.day, due(late).day.day] == [7, 8]
        assert due(early).period.until == due(late).period.since
        assert due(late).period.until <= late

    @pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (11, 1, 24)])
    def test_nothing_falls_between_two_where_clocks_are_changed(
        self, settings: Any, month: int, day: int, hours: int
    ) -> None:
        settings.REPORT_TIME_ZONE = "Europe/Berlin"
        noon = datetime(2026, month, day, 12, tzinfo=UTC)
        before, this = (due(at).period for at in (noon - timedelta(days=1), noon))
        assert before.until == this.since
        assert this.until - this.since == timedelta(hours=hours)

    def test_a_schedule_looks(self, box: Mailbox) -> None:
        schedules.sync()
        schedules.sync()
        schedule = Schedule.objects.get(func="batches.tasks.mail_report")
        assert (schedule.schedule_type, schedule.cluster) == (Schedule.MINUTES, "sms")
        assert tasks.mail_report() == 1


class TestSettings:
    @pytest.mark.parametrize(
        ("url", "host", "port", "user", "starttls", "tls"),
        [
            (
                "smtp+tls://ana%40example.org:p%2Fw@mail.example.org",
                "mail.example.org",
                587,
                USER,
                True,
                False,
            ),
            ("smtps://u:p@mail.example.org", "mail.example.org", 465, "u", False, True),
            ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, "", False, False),
            ("", "", 25, "", False, False),
        ],
    )
    def test_one_address_says_it_all(
        self,
        monkeypatch: pytest.MonkeyPatch,
        url: str,
        host: str,
        port: int,
        user: str,
        starttls: bool,
        tls: bool,
    ) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        server = read(Environment())
        assert (server.host, server.port, server.user) == (host, port, user)
        assert (server.starttls, server.tls) == (starttls, tls)

    def test_its_password_is_a_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", "smtps://u:p%2Fassword@mail.example.org")
        assert {"p/assword", "p%2Fassword"} <= set(Environment().secrets())

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({"REPORT_EMAIL_TO": ["a@example.org"]}, ["batches.E010"]),
            ({"EMAIL_HOST": "mail.example.org", "EMAIL_HOST_PASSWORD": "x"}, ["batches.W010"]),
            ({"EMAIL_HOST": "mail.example.org", "EMAIL_HOST_PASSWORD": "x", "EMAIL_USE_SSL": True}, []),
            ({"EMAIL_HOST": "127.0.0.1", "EMAIL_HOST_PASSWORD": "x"}, []),
            ({}, []),
        ],
    )
    def test_what_cannot_work_is_refused(self, changes: dict[str, Any], found: list[str]) -> None:
        plain = {"REPORT_EMAIL_TO": [], "EMAIL_HOST": "", "EMAIL_HOST_PASSWORD": "", "EMAIL_USE_TLS": False}
        with override_settings(**plain | changes):
            told: list[checks.CheckMessage] = check_report_mail()
        assert [one.id for one in told] == found


def _parts(mail: EmailMessage) -> list[str]:
    """Text, HTML, attachment."""
    return [part.get_content() for part in mail.walk() if not part.is_multipart()]
