"""Where copies of the database are that `python -m deploy.backup` makes, and which files there they are."""

from pathlib import Path

NIGHTLY = Path("/var/backups/smsconsolidator")  # where smsconsolidator-backup.service has them written
LIST = ".json"  # beside each copy: what it holds


def copies(directory: Path) -> list[Path]:
    """The whole ones in it, the oldest first."""
    return sorted(path for path in directory.glob("smsconsolidator-*Z.*") if path.suffix != LIST)
