"""`python -m deploy.restore FILE`: put a backup into the empty database of DATABASE_URL, and compare.

Exit code 1 when anything is not the same as in the backup, or when there is something in the database already.
"""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

from batches.backups import LIST
from deploy import snapshot
from deploy.backup import PROBLEMS, read_list
from deploy.snapshot import Tables
from deploy.stores import NotCompared, StoreError, store
from smsconsolidator.env import BASE_DIR, load


def restore(url: str, source: Path) -> tuple[Tables, list[str]]:
    """Restore a copy; gives what the database holds now, and a sentence for each table that differs.

    Raises StoreError, OSError or ValueError where nothing was restored, NotCompared where the rows are in.
    """
    if not source.exists():
        raise StoreError(f"{source} does not exist")
    expected = read_list(source.with_suffix(LIST))
    target = store(url, BASE_DIR)
    if source.suffix != target.suffix:
        raise StoreError(f"{source.name} is not for the kind of database that DATABASE_URL names")
    found = target.load(source)
    return found, snapshot.differences(expected, found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.restore", description="Put a backup back.")
    parser.add_argument("file", type=Path, help="what deploy.backup has written; its list lies beside it")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args()
    try:
        found, problems = restore(load().database_url.get_secret_value(), arguments.file)
    except NotCompared as problem:
        print(
            f"The rows are in, but were not compared: {problem}\nMake the database anew, and restore again.",
            file=sys.stderr,
        )
        return 1
    except PROBLEMS as problem:
        print(f"Nothing was restored: {problem}", file=sys.stderr)
        return 1
    if arguments.json:
        answer = {"tables": {name: one.as_dict() for name, one in found.items()}, "differences": problems}
        print(json.dumps(answer))
    else:
        _print(found, problems)
    return 1 if problems else 0


def _print(found: Tables, problems: list[str]) -> None:
    console = Console()
    printed = Printed("table", "rows", "checksum")
    for name, table in found.items():
        printed.add_row(name, f"{table.rows:,}", table.checksum)
    console.print(printed)
    for problem in problems:
        console.print(f"DIFFERS  {problem}", soft_wrap=True, highlight=False, markup=False)
    if not problems:
        console.print(
            f"Restored: {len(found)} tables, counts and checksums as in the backup", highlight=False
        )


if __name__ == "__main__":
    sys.exit(main())
