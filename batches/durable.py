"""Files that are on the disk, content and name, before anything is deleted that they stand for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def draft_of(file: Path) -> Path:
    """The name under which it is written; the file gets its own when it is whole."""
    return file.with_name(f".{file.name}.part")


@contextmanager
def written(file: Path) -> Iterator[BinaryIO]:
    """A new file, whose content is on the disk afterwards."""
    with file.open("wb") as raw:
        yield raw
        raw.flush()
        os.fsync(raw.fileno())


def make(directory: Path) -> None:
    """A directory with all above it; their names are on the disk afterwards."""
    new = [place for place in (directory, *directory.parents) if not place.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for place in new:
        sync(place.parent)


def publish(*files: Path) -> None:
    """Their drafts get their names, one after the other; the names are on the disk afterwards."""
    for file in files:
        draft_of(file).replace(file)
    sync(files[-1].parent)


def sync(path: Path) -> None:
    """A file's content or a directory's names are on the disk afterwards."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
