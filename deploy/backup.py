"""`python -m deploy.backup DIRECTORY [--keep N]`: a copy of the database while the service goes on.

Beside the copy lies a list of what it holds (rows and a checksum for each table), which `python -m deploy.restore`
compares with what it has put back. Nothing else is in it: docs/backup.md says what else to keep.
"""

import argparse
import json
import os
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured
from rich.console import Console

from deploy.snapshot import Table, Tables
from deploy.stores import StoreError, store
from smsconsolidator import __version__
from smsconsolidator.env import BASE_DIR, load

PROBLEMS = (StoreError, OSError, sqlite3.Error, psycopg.Error, ImproperlyConfigured, ValueError)
LIST = ".json"


def back_up(url: str, directory: Path) -> tuple[Path, Tables]:
    """A new copy of the database in `directory`, readable by its owner alone; gives its file and what it holds."""
    os.umask(0o077)  # it holds people's messages
    directory.mkdir(parents=True, exist_ok=True)
    source = store(url, BASE_DIR)
    name = f"smsconsolidator-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    draft, target = directory / f".{name}.part", directory / f"{name}{source.suffix}"
    try:
        tables = source.dump(draft)
        write_list(target.with_suffix(LIST), tables)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target, tables


def write_list(path: Path, tables: Tables) -> None:
    content = {"version": __version__, "tables": {name: table.as_dict() for name, table in tables.items()}}
    path.write_text(json.dumps(content, indent=1), "utf-8")


def read_list(path: Path) -> Tables:
    """What a copy is said to hold. Raises OSError or ValueError where there is no such list."""
    tables = json.loads(path.read_text("utf-8"))["tables"]
    return {name: Table(**table) for name, table in tables.items()}


def prune(directory: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` copies with their lists; gives what was deleted."""
    copies = sorted(path for path in directory.glob("smsconsolidator-*Z.*") if path.suffix != LIST)
    gone = copies[: -keep or None] if keep else []
    for path in gone:
        path.unlink()
        path.with_suffix(LIST).unlink(missing_ok=True)
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
    console.print(told, soft_wrap=True, highlight=False)
    console.print(f"{len(gone)} older copies deleted" if gone else "No older copy deleted", highlight=False)


def _rows(tables: Tables) -> int:
    return sum(table.rows for table in tables.values())


if __name__ == "__main__":
    sys.exit(main())
