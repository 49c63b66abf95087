"""What waits in the spool is stored in order, each with its time; what cannot be stored is in nobody's way."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Channel, Message
from batches.spool import Spool
from tests.batches.spooling.conftest import drained

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_that_cannot_be_stored_is_in_nobodys_way(spool: Spool) -> None:
    good = [InboundSms(f"g{number}", "2255", "Yes", None, "", "{}", timezone.now()) for number in range(3)]
    bad = InboundSms("bad", "2255", "nul \0", None, "", "\0", timezone.now())  # no database takes it as it is
    with spool.draining():  # nobody else may drain
        spool.append(
            [("default", good[0]), ("default", bad), ("no-such-channel", good[1]), ("default", good[2])]
        )
        with spool._transaction() as file:
            file.execute(
                "INSERT INTO pending (channel, received_at, message) VALUES ('default', '2025-01-20', '{}')"
            )
            if connection.vendor == "sqlite":
                file.execute("UPDATE pending SET message = 'unreadable' WHERE id = 2")  # SQLite does take it
    drained()
    assert set(Message.objects.values_list("provider_message_id", flat=True)) == {"g0", "g2"}
    errors = [entry.error for entry in spool.failed(10)]
    assert len(errors) == 3
    assert any("Channel matching query does not exist" in error for error in errors)
    Channel.objects.create(slug="no-such-channel")
    spool.try_again()
    drained()
    assert Message.objects.filter(channel__slug="no-such-channel").count() == 1
    assert spool.state().failed == 2


def test_a_later_copy_has_the_time_of_the_spool(spool: Spool) -> None:
    """As a stalled server stores it, which goes on with what everybody has given up."""
    channel = Channel.objects.get_or_create(slug="default")[0]
    with spool.draining():  # nobody else may drain
        spool.append([("default", InboundSms("a", "2255", "Yes", None, "", "{}", at := timezone.now()))])
        ingest(channel, [InboundSms("a", "2255", "Yes", None, "", "{}")])
    drained()
    assert Message.objects.get().received_at == at


def test_a_clock_that_is_ahead_makes_no_message_of_tomorrow(spool: Spool) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    spool.append([("default", InboundSms("a", "2255", "Yes", None, "", "{}", tomorrow))])
    drained()
    message = Message.objects.get()
    assert message.received_at == message.batch.opened_at
