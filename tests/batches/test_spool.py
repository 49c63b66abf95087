"""The file in which messages wait for the database."""

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batches import drain
from batches.inbound.base import InboundSms
from batches.models import Message
from batches.spool import Spool, SpoolUnavailable

NOON = datetime(2025, 1, 20, 12, tzinfo=UTC)
BYTES = 1_000_000


def sms(guid: str, text: str = "Yes", at: datetime = NOON) -> InboundSms:
    return InboundSms(guid, "+639171234567", text, NOON, "12:00", "{}", at)


def guids(spool: Spool) -> list[str]:
    return [entry.message().provider_message_id for entry in spool.first(1000)]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "of" / "spool.sqlite3", BYTES, 100)


def fill(spool: Spool, *names: str) -> None:
    spool.append([("default", sms(name)) for name in names])


def test_it_gives_back_what_it_was_given_in_order(spool: Spool) -> None:
    spool.append([("default", sms("a", "Opo 👍🏽\n\u202e"))])
    spool.append([("other", sms("b")), ("default", sms("c"))])
    first, *others = spool.first(10)
    assert first.message() == sms("a", "Opo 👍🏽\n\u202e")
    assert (first.channel, first.received_at) == ("default", NOON)
    assert [entry.channel for entry in others] == ["other", "default"]


def test_it_is_read_by_nobody_else(spool: Spool) -> None:
    fill(spool, "a")
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in spool.path.parent.iterdir()] == ["spool.sqlite3"]


def test_a_file_that_was_moved_away_is_not_made_anew(spool: Spool) -> None:
    """SQLite would make one that everybody may read, and that hides where the messages are."""
    fill(spool, "a", "b")
    entries, away = spool.first(10), spool.path.with_name("away # 1?.sqlite3")
    spool.path.rename(away)
    with pytest.raises(SpoolUnavailable, match="unable to open"):
        spool.forget(entries)
    with pytest.raises(SpoolUnavailable, match="unable to open"):
        spool.set_aside(entries[0], "IntegrityError: why")
    assert spool.try_again() == 0
    assert (spool.is_empty(), spool.path.exists()) == (True, False)
    assert guids(Spool(away, BYTES, 100)) == ["a", "b"]


@pytest.mark.django_db(transaction=True)
def test_what_was_stored_while_it_was_moved_away_is_stored_once(spool: Spool) -> None:
    fill(spool, "a")
    entries, away = spool.first(10), spool.path.with_name("away.sqlite3")
    spool.path.rename(away)
    with pytest.raises(SpoolUnavailable):
        drain._store(spool, entries)
    assert (Message.objects.count(), drain._drain(spool)) == (1, True)
    away.rename(spool.path)
    assert drain._drain(spool)
    assert (Message.objects.count(), spool.is_empty()) == (1, True)


def test_it_touches_no_disk_before_it_is_needed(spool: Spool) -> None:
    assert spool.is_empty()
    assert spool.state().waiting == 0
    assert not spool.path.parent.exists()


def test_it_waits_for_the_disk(spool: Spool) -> None:
    fill(spool, "a")
    with spool._file() as file:
        assert file.execute("PRAGMA synchronous").fetchone() == (3,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_it_takes_no_more_messages_than_it_may(spool: Spool) -> None:
    fill(spool, *[f"g{number}" for number in range(99)])
    with pytest.raises(SpoolUnavailable, match="99 messages wait"):
        fill(spool, "x", "y")
    fill(spool, "last")
    assert spool.state().waiting == 100


def test_it_takes_no_more_bytes_than_it_may(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite3", 65_536, 100_000)
    with pytest.raises(SpoolUnavailable, match="full"):
        for number in range(1000):
            spool.append([("default", sms(f"g{number}", "x" * 500))])
    stored = guids(spool)
    assert spool.path.stat().st_size <= 65_536
    assert stored == [f"g{number}" for number in range(len(stored))]
    spool.set_aside(spool.first(1)[0], "although it is full")
    spool.forget(spool.first(20))
    spool.append([("default", sms("again", "x" * 500))])
    assert guids(spool)[-1] == "again"


def test_it_keeps_aside_what_cannot_be_stored(spool: Spool) -> None:
    fill(spool, "a", "b")
    spool.set_aside(spool.first(1)[0], "IntegrityError: why")
    assert guids(spool) == ["b"]
    assert [(entry.message().provider_message_id, entry.error) for entry in spool.failed(10)] == [
        ("a", "IntegrityError: why")
    ]
    assert (spool.state().waiting, spool.state().failed, spool.state().oldest) == (1, 1, NOON)
    assert spool.try_again() == 1
    assert guids(spool) == ["b", "a"]
    assert spool.state().failed == 0


def test_it_overwrites_what_it_forgets(spool: Spool) -> None:
    spool.append([("default", sms("a", "a very private text"))])
    assert b"very private" in spool.path.read_bytes()
    spool.forget(spool.first(1))
    assert b"very private" not in spool.path.read_bytes()


def test_it_is_drained_by_one_at_a_time(spool: Spool) -> None:
    fill(spool, "a")
    with spool.draining() as first, spool.draining() as second:
        assert (first, second) == (True, False)
    with spool.draining() as third:
        assert third


def test_it_says_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    path.write_text("this is no database " * 100)
    with pytest.raises(SpoolUnavailable, match="not a database"):
        fill(Spool(path, BYTES, 100), "a")
    with pytest.raises(SpoolUnavailable, match="Not a directory"):
        fill(Spool(path / "below" / "a.sqlite3", BYTES, 100), "a")


def test_it_does_not_wait_for_ever_for_another_process(spool: Spool) -> None:
    fill(spool, "a")
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SpoolUnavailable, match="locked"):
            fill(spool, "b")
    fill(spool, "c")
    assert guids(spool) == ["a", "c"]
