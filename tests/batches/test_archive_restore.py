"""What was archived comes back, also after an upgrade, or not at all. Collected on PostgreSQL only."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from batches.models import Batch, Channel, Message
from batches.retention import archiving
from batches.retention.purging import purge
from tests.batches.archives import DAY, OLD, YOUNG, contents, files, run, settled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


def test_a_directory_stands_for_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than a shell can write into one command."""
    monkeypatch.setattr(archiving, "CHUNK", 1)
    for number in range(3):
        settled(number, OLD + number)
    before = contents()
    rows = run("--older-than", "400d", "--to", str(tmp_path))
    (tmp_path / ".batches-1.jsonl.gz.part").touch()  # somebody was killed
    (tmp_path / "notes.txt").touch()
    [first, *_] = files(tmp_path)
    apart, empty = tmp_path / "apart", tmp_path / "empty"
    apart.mkdir()
    empty.mkdir()
    for name in (Path(first), Path(first.replace(".jsonl.gz", ".json"))):
        name.rename(apart / name.name)

    assert run("--restore", str(tmp_path), str(apart / Path(first).name)) == rows
    assert contents() == before
    with pytest.raises(CommandError, match=r"has no file of an archive \(\*\.jsonl\.gz\)"):
        run("--restore", str(empty))


def test_what_is_put_back_cannot_be_chosen(tmp_path: Path) -> None:
    """A dry run that writes is none."""
    settled(1, OLD)
    run("--older-than", "400d", "--to", str(tmp_path))
    for option in (["--dry-run"], ["--channel", "default"], ["--to", str(tmp_path)]):
        with pytest.raises(CommandError, match="no --to, --channel or --dry-run"):
            run("--restore", str(tmp_path), *option)
    assert not Batch.objects.exists()


def test_lists_may_be_named_beside_their_files(tmp_path: Path) -> None:
    settled(1, OLD)
    rows = run("--older-than", "400d", "--to", str(tmp_path))
    assert run("--restore", *map(str, sorted(tmp_path.iterdir()))) == rows


def test_nothing_to_do_is_said(tmp_path: Path) -> None:
    out = StringIO()
    call_command("archive_batches", "--older-than", "400d", "--to", str(tmp_path), stdout=out)
    assert out.getvalue() == "Archived: nothing\n"


def test_what_came_back_is_purged_like_everything_else(tmp_path: Path) -> None:
    """Purging had come past it meanwhile, and begins where it stopped."""
    settled(1, OLD, "a very old text")
    young = settled(2, OLD - DAY, "an old text")
    run("--older-than", "500d", "--to", str(tmp_path))
    before = timezone.now() - timedelta(seconds=YOUNG)
    assert list(purge(Channel.objects.get(), before)) == [1]
    purged = Channel.objects.get()  # as a purge has it that began before the file was put back

    run("--restore", *files(tmp_path))
    first = Batch.objects.exclude(id=young.id).get().opened_at
    assert Channel.objects.get().purged_until == first
    list(purge(purged, before))
    assert Channel.objects.get().purged_until == first  # it has not seen them

    assert list(purge(Channel.objects.get(), before)) == [1]
    assert not Batch.objects.filter(purged_at=None).exists()
    assert set(Message.objects.values_list("text", flat=True)) == {""}
    run("--restore", *files(tmp_path))
    assert Channel.objects.get().purged_until == before  # nothing came back


@contextmanager
def column(table: str, definition: str) -> Iterator[None]:
    """The table has one more column, as after an upgrade, or before one."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} DROP COLUMN {definition.split()[0]}")


def values(statement: str) -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return set(cursor.fetchall())


def test_a_file_from_before_an_upgrade_is_put_back_with_the_new_columns_defaults(tmp_path: Path) -> None:
    settled(1, OLD)
    before = contents()
    rows = run("--older-than", "400d", "--to", str(tmp_path))
    with (
        column("batches_batch", "mood text NOT NULL DEFAULT 'calm'"),
        column("batches_message", '"order" boolean NULL'),
        column("replies_reply", "pages smallint NOT NULL DEFAULT 3 CHECK (pages > 0)"),
    ):
        assert run("--restore", *files(tmp_path)) == rows

        assert values("SELECT mood FROM batches_batch") == {("calm",)}
        assert values("SELECT pages FROM replies_reply") == {(3,)}
    assert contents() == before


def test_a_column_that_is_no_more_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settled(1, OLD)
    before = contents()
    with column("batches_batch", "mood text NOT NULL DEFAULT 'calm'"):
        rows = run("--older-than", "400d", "--to", str(tmp_path))

    assert run("--restore", *files(tmp_path)) == rows

    assert contents() == before
    [line] = capsys.readouterr().err.splitlines()
    assert "batches_batch.mood is no more" in line


def test_what_the_database_takes_no_more_is_named_and_nothing_is_put_back(tmp_path: Path) -> None:
    settled(1, OLD)
    run("--older-than", "400d", "--to", str(tmp_path))
    with column("replies_reply", "pages smallint NOT NULL"):
        with pytest.raises(CommandError, match='cannot be put back: null value in column "pages"'):
            run("--restore", *files(tmp_path))
        assert not Batch.objects.exists()


def test_what_is_there_already_stays_and_the_rest_of_the_file_comes_back(tmp_path: Path) -> None:
    for number in range(3):
        settled(number, OLD + number)
    before = contents()
    run("--older-than", "400d", "--to", str(tmp_path))
    run("--restore", str(tmp_path))
    one = Batch.objects.order_by("id")[1]
    one.messages.all().delete()  # of a file that was put back, some rows have gone again
    assert run("--restore", str(tmp_path)) == {"batches_message": 2}
    assert contents() == before


def test_a_damaged_file_is_not_put_back(tmp_path: Path) -> None:
    settled(1, OLD)
    run("--older-than", "400d", "--to", str(tmp_path))
    [name] = files(tmp_path)
    content = Path(name).read_bytes()
    Path(name).write_bytes(content[:-20] + bytes(20))

    with pytest.raises(CommandError, match="damaged"):
        run("--restore", name)
    assert not Batch.objects.exists()
