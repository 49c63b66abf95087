"""An SMS provider that nobody reaches for an hour, with more replies waiting than it takes in a minute."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import F, Min
from django.utils import timezone
from django_q.models import OrmQ

from batches.closing import close_due, reap
from batches.models import Batch
from batches.pipeline import process
from replies.models import Pace, Reply, ReplyAttempt
from tests.batches.conftest import age, arrive
from tests.support.smsmobileapi_server import SmsMobileApiServer

pytestmark = pytest.mark.django_db(transaction=True)

REPLIES, HOUR = 30, timedelta(hours=1)
APART = timedelta(seconds=60)  # as SMS_SENDS_PER_MINUTE demands


@pytest.fixture
def free_port(settings: Any) -> Iterator[socket.socket]:
    """An address that is taken, so that nobody else gets it, and at which nobody listens."""
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.CLASSIFICATION_MODE = "rules"
    settings.SMS_SENDER, settings.SMS_MOBILE_API_KEY = "smsmobileapi", "key"
    settings.SMS_SENDS_PER_MINUTE = 1
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        settings.SMS_MOBILE_API_URL = f"http://127.0.0.1:{taken.getsockname()[1]}/sendsms/"
        yield taken


def test_replies_are_late_and_none_is_lost_and_they_go_out_at_the_allowed_rate(
    free_port: socket.socket,
) -> None:
    numbers = [f"+63918{number:07}" for number in range(REPLIES)]
    for number in numbers:
        age(arrive("Yes", sender=number), 61)
    while close_due():
        pass
    back = timezone.now() + HOUR
    while back > timezone.now():
        back -= _work_and_wait()
    assert list(Reply.objects.values_list("status", "reason")) == [("pending", "not_connected")] * REPLIES
    refused = ReplyAttempt.objects.count()
    assert refused > 1

    port = free_port.getsockname()[1]
    free_port.close()
    with SmsMobileApiServer(port) as provider:
        while Batch.objects.exclude(status="completed").exists():
            _work_and_wait()

    assert sorted(request.form["recipients"] for request in provider.requests) == numbers
    assert set(Batch.objects.values_list("outcome", flat=True)) == {"replied"}
    begun = list(ReplyAttempt.objects.order_by("started_at").values_list("started_at", flat=True))
    assert len(begun) == refused + REPLIES
    # Not to the second: a machine that was busy after one turn is sooner at the next.
    assert min(later - one for one, later in pairwise(begun)) > APART / 2
    assert begun[-1] - begun[-REPLIES] > APART * (REPLIES - 1.5)


def _work_and_wait() -> timedelta:
    """Do what is queued, and let the time pass until there is more; gives how long that is."""
    for task in OrmQ.objects.filter(key="sms").order_by("id"):
        task.delete()
        process(task.task["args"][0], "worker")
    nearest: datetime | None = Batch.objects.aggregate(nearest=Min("lease_until"))["nearest"]
    wait = max(timedelta(), nearest - timezone.now()) + timedelta(milliseconds=1) if nearest else timedelta()
    _let_pass(wait)
    reap()
    return wait


def _let_pass(time: timedelta) -> None:
    """Every time that still matters is so much nearer, or longer ago."""
    Batch.objects.update(lease_until=F("lease_until") - time)
    Reply.objects.update(send_at=F("send_at") - time, expires_at=F("expires_at") - time)
    ReplyAttempt.objects.update(started_at=F("started_at") - time)
    Pace.objects.update(next_at=F("next_at") - time)
