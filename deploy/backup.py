"""`python -m deploy.backup DIRECTORY [--keep N]`: a copy of the database while the service goes on.

Beside the copy lies a list of what it holds (rows and a checksum for each table), which `python -m deploy.restore`
compares with what it has put back. Nothing else is in it: docs/backup.md says what else to keep.
"""

import argparse
import fcntl
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured
from rich.console import Console

from batches import durable
from batches.backups import LIST, copies
from batches.durable import draft_of
from deploy.snapshot import Table, Tables
from deploy.stores import Store, StoreError, store
from smsconsolidator import __version__
from smsconsolidator.env import BASE_DIR, load

PROBLEMS = (StoreError, OSError, sqlite3.Error, psycopg.Error, ImproperlyConfigured, ValueError)


def back_up(url: str, directory: Path) -> tuple[Path, Tables]:
    """A new copy of the database in `directory`, readable by its owner alone; gives its file and what it holds.

    It is on the disk. Raises StoreError also where another copy is being written there.
    """
    os.umask(0o077)  # it holds people's messages
    durable.make(directory)
    source = store(url, BASE_DIR)
    target = directory / f"smsconsolidator-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{source.suffix}"
    with _alone(directory):
        _delete_drafts(directory)
        try:
            return target, _write(source, target)
        finally:
            _delete_drafts(directory)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Nobody else writes a copy there: what is unfinished has been left by somebody who died."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"another copy is being written to {directory} right now") from None
        yield
    finally:
        os.close(handle)


def _delete_drafts(directory: Path) -> None:
    """What a copy has left that was broken off, also its list, which may have got its name already."""
    for draft in directory.glob(".smsconsolidator-*.part*"):  # SQLite has a journal beside it
        target = directory / draft.name[1:].partition(".part")[0]
        if not target.exists():
            target.with_suffix(LIST).unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _write(source: Store, target: Path) -> Tables:
    """The copy gets its name last: one that has it is whole, and has a list."""
    listed = target.with_suffix(LIST)
    tables = source.dump(draft_of(target))
    durable.sync(draft_of(target))
    with durable.written(draft_of(listed)) as raw:
        raw.write(_list(tables).encode())
    durable.publish(listed, target)
    return tables


def _list(tables: Tables) -> str:
    content = {"version": __version__, "tables": {name: table.as_dict() for name, table in tables.items()}}
    return json.dumps(content, indent=1)


def read_list(path: Path) -> Tables:
    """What a copy is said to hold. Raises OSError or ValueError where there is no such list."""
    tables = json.loads(path.read_text("utf-8"))["tables"]
    return {name: Table(**table) for name, table in tables.items()}


def prune(directory: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` copies with their lists; gives what was deleted."""
    gone = copies(directory)[:-keep] if keep else []
    for path in gone:  # the list first: who is killed in between leaves a copy, which goes the next time
        path.with_suffix(LIST).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return gone


def main() -> int:
    arguments = _arguments()
    try:
        path, tables = back_up(load().database_url.get_secret_value(), arguments.directory)
        gone = prune(arguments.directory, arguments.keep)
    except PROBLEMS as problem:
        print(f"No backup was made: {problem}", file=sys.stderr)
        return 1
    (_tell_machines if arguments.json else _tell_people)(path, tables, gone)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description="Copy the database.")
    parser.add_argument(
        "directory", type=Path, help="where copies are kept, on another disk than the database"
    )
    parser.add_argument(
        "--keep", type=_at_least_one, default=0, metavar="N", help="delete all but the newest N copies"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser.parse_args()


def _at_least_one(written: str) -> int:
    """Another number would be a slip of the pen, and delete copies. All are kept without --keep."""
    if not written.isdecimal() or int(written) < 1:
        raise argparse.ArgumentTypeError(
            f"{written}: a number from 1 on (without --keep, no copy is deleted)"
        )
    return int(written)


def _tell_machines(path: Path, tables: Tables, gone: list[Path]) -> None:
    deleted = [str(old) for old in gone]
    print(json.dumps({"file": str(path), "tables": len(tables), "rows": _rows(tables), "deleted": deleted}))


def _tell_people(path: Path, tables: Tables, gone: list[Path]) -> None:
    console, size = Console(), path.stat().st_size / 1e6
    told = f"{path}: {len(tables)} tables, {_rows(tables)} rows, {size:.1f} MB"
    console.print(told, soft_wrap=True, highlight=False, markup=False)
    console.print(f"{len(gone)} older copies deleted" if gone else "No older copy deleted", highlight=False)


def _rows(tables: Tables) -> int:
    return sum(table.rows for table in tables.values())


if __name__ == "__main__":
    sys.exit(main())
