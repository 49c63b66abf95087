"""Rows that are written out: what goes in comes out as if the ORM had written it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError

from batches.models import Batch, BatchEvent, Channel
from classification import rows
from replies.models import Reply

pytestmark = pytest.mark.django_db


def _event(batch: Batch, **data: object) -> dict[str, object]:
    return {"batch_id": batch.pk, "at": rows.now(), "kind": "claimed", "actor": "t", "data": data}


def test_it_gives_the_ids_in_order(batch: Batch) -> None:
    ids = rows.insert(BatchEvent, _event(batch, place=1), _event(batch, place="2 % of 'é'"))
    stored = {event.id: event.data for event in BatchEvent.objects.filter(id__in=ids)}
    assert [stored[one] for one in ids] == [{"place": 1}, {"place": "2 % of 'é'"}]


def test_it_takes_the_time_from_the_database(batch: Batch) -> None:
    event = BatchEvent.objects.get(id=rows.insert(BatchEvent, _event(batch) | {"at": rows.now(90.5)})[0])
    assert timedelta(seconds=60) < event.at - datetime.now(UTC) < timedelta(seconds=120)


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ({"status": "sending"}, 1),
        ({"status": ["sent", "sending"]}, 1),
        ({"status": ["sent"]}, 0),
        ({"status": "sending", "to": "+639170000002"}, 0),
        ({"sending_until": rows.Sql("> '2000-01-01'")}, 1),
        ({"sending_until": rows.Sql("< '2000-01-01'")}, 0),
    ],
)
def test_it_updates_where_everything_holds(batch: Batch, where: dict[str, object], number: int) -> None:
    reply = {"batch_id": batch.pk, "to": "+639170000001", "body": "Hi", "provider": "memory", "segments": 1}
    reply["idempotency_key"] = uuid4()
    [reply_id] = rows.insert(Reply, reply | {"status": "sending", "sending_until": rows.now(30)})
    assert rows.update(Reply, {"id": reply_id, **where}, status="sent", sending_until=None) == number
    stored = Reply.objects.get(id=reply_id)
    assert (stored.status == "sent", stored.sending_until is None) == (number == 1, number == 1)


def test_it_knows_its_columns(batch: Batch) -> None:
    with pytest.raises(Exception, match="no field named 'colour'"):
        rows.update(Batch, {"id": batch.pk}, colour="red")


class TestWrittenTogether:
    """A move and the event that tells it."""

    def test_the_others_follow_the_first(self, batch: Batch) -> None:
        open_one = rows.Update(Batch, {"id": batch.pk, "status": batch.status}, {"reason": "100 % of 'é'"})
        told = rows.Insert(BatchEvent, _event(batch, told="50 %"))
        assert rows.write(open_one, told, rows.Update(Channel, {"id": batch.channel_id}, {"name": "Ward 3"}))
        batch.refresh_from_db()
        assert (batch.reason, batch.channel.name) == ("100 % of 'é'", "Ward 3")
        event = batch.events.get(kind="claimed")
        assert event.data == {"told": "50 %"}
        assert abs(event.at - datetime.now(UTC)) < timedelta(seconds=60)

    def test_nothing_follows_where_the_first_finds_no_row(self, batch: Batch) -> None:
        name = batch.channel.name
        closed_one = rows.Update(Batch, {"id": batch.pk, "status": "failed"}, {"reason": "won"})
        told = rows.Insert(BatchEvent, _event(batch))
        assert not rows.write(closed_one, told, rows.Update(Channel, {"id": batch.channel_id}, {"name": "x"}))
        batch.refresh_from_db()
        assert (batch.reason, batch.channel.name) == ("", name)
        assert not batch.events.filter(kind="claimed").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_together_is_all_or_nothing(batch: Batch) -> None:
    """Outside a transaction: the batch is not moved when its event cannot be written."""
    opened = rows.Update(Batch, {"id": batch.pk, "status": batch.status}, {"reason": "won"})
    with pytest.raises(IntegrityError):
        rows.write(opened, rows.Insert(BatchEvent, _event(batch) | {"kind": None}))
    batch.refresh_from_db()
    assert batch.reason == ""
