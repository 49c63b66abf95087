"""What one channel waits for is no matter of another's. Collected on PostgreSQL only: SQLite has one writer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from batches.inbound.base import InboundSms
from batches.ingest import Ingested, ingest
from batches.models import Batch, Channel
from tests.batches.conftest import SENDER

SECONDS = 10  # for a message that has to wait for nobody


def _in_thread(channel: Channel, guid: str) -> Ingested:
    try:
        return ingest(channel, [InboundSms(guid, SENDER, "Yes", None, "", "{}")])
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_lock_in_one_channel_holds_up_no_other() -> None:
    held, free = Channel.objects.get(slug="default"), Channel.objects.create(slug="free")
    _in_thread(held, "first")
    with ThreadPoolExecutor(max_workers=2) as pool:
        with transaction.atomic():
            list(Batch.objects.select_for_update().filter(channel=held))
            waiting = pool.submit(_in_thread, held, "second")
            assert pool.submit(_in_thread, free, "third").result(SECONDS) == Ingested(1, 0)
            assert not waiting.done()
        assert waiting.result(SECONDS) == Ingested(1, 0)
