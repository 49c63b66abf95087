"""The release before this one, as `deploy/previous-release` names it: its version and its commit.

Whatever is changed in the database's schema, that release must go on working on it, for during a roll-out, and after a
roll-back, it does. Whoever makes a release writes the one before it into that file.
"""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from smsconsolidator.env import BASE_DIR

FILE = BASE_DIR / "deploy" / "previous-release"


@dataclass(frozen=True)
class Release:
    """A version and the commit that it is."""

    version: str
    commit: str


def release() -> Release:
    """Raises ValueError where the file does not hold a version and a commit."""
    version, commit = FILE.read_text("utf-8").split()
    return Release(version, commit)


def unpack(target: Path) -> Release:
    """Write that release's files into the new directory `target`. Raises CalledProcessError without its commit."""
    found = release()
    done = subprocess.run(["git", "archive", found.commit], cwd=BASE_DIR, capture_output=True, check=True)
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")
    return found
