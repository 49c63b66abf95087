"""What this machine brings: settings, secrets, disks, the spool, the nightly copies."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks

from batches import backups, spool
from batches.security import LEAST_CHARACTERS
from classification.findings import Finding, ok, problem, warning

MEGABYTE = 1_000_000
LITTLE, VERY_LITTLE = 1000 * MEGABYTE, 100 * MEGABYTE  # bytes left on a disk
IN_MEMORY = {"tmpfs", "ramfs"}
OLD_COPY = timedelta(days=2)  # one night may be missed


def settings_and_secrets() -> Iterator[Finding]:
    """What `manage.py check` says; with --deploy where the service speaks HTTPS, and so is meant for others."""
    messages = checks.run_checks(include_deployment_checks=settings.SECURE_SSL_REDIRECT)
    told = [message for message in messages if message.level >= checks.WARNING and not message.is_silenced()]
    for message in told:
        kind = problem if message.level >= checks.ERROR else warning
        yield kind(f"{message.msg} ({message.id})", str(message.hint or "See `manage.py check`."))
    for sentence in settings.UNKNOWN_SETTINGS:
        yield warning(
            sentence, "Right the name, or take the line out once no release that knows it may come back."
        )
    if not told and not settings.UNKNOWN_SETTINGS:
        yield ok("nothing to say against them")


def secrets() -> Iterator[Finding]:
    """Whether they can be guessed, are used twice, or lie open."""
    named = {
        "WEBHOOK_TOKEN": settings.WEBHOOK_TOKEN,
        "METRICS_TOKEN": settings.METRICS_TOKEN,
        "DJANGO_SECRET_KEY": settings.SECRET_KEY,
    }
    weak = [name for name, value in named.items() if value and len(set(value)) < LEAST_CHARACTERS]
    for name in weak:
        yield problem(f"{name} can be guessed", "Take a random one: openssl rand -hex 24")
    used = [value for value in named.values() if value]
    if len(set(used)) < len(used):
        yield problem(f"two of {', '.join(named)} are the same", "Give each a value of its own.")
    if not settings.CREDENTIALS_KEYS:
        yield warning(
            "CREDENTIALS_KEYS is not set: no channel can have a provider's key of its own",
            "Set it to what `manage.py rotate_credentials --new-key` prints.",
        )
    yield from _env_file()
    if not weak:
        yield ok("none can be guessed")


def _env_file() -> Iterator[Finding]:
    """The file that holds them all; a file that is not there holds none."""
    path = Path(str(settings.ENV.model_config["env_file"]))
    if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(f"{path} can be read by others on this machine", f"chmod 600 {path}")


def disk() -> Iterator[Finding]:
    """Room for what grows: SQLite's file, and the spool up to its bound."""
    places = {"the spool": (Path(settings.SPOOL_PATH), settings.SPOOL_MAX_BYTES)}
    name = settings.DATABASES["default"]["NAME"]
    if "sqlite" in settings.DATABASES["default"]["ENGINE"] and Path(name).is_absolute():
        places["the database"] = (Path(name), 0)
    for what, (path, wanted) in places.items():
        yield _room(what, _existing(path), wanted)


def _room(what: str, folder: Path, wanted: int) -> Finding:
    free = shutil.disk_usage(folder).free
    told = f"{free // MEGABYTE:,} MB left for {what} ({folder})"
    if free < VERY_LITTLE:
        return problem(told, "Make room: what cannot be written cannot be accepted.")
    if free < max(LITTLE, wanted):
        return warning(told, "Make room, or lower SPOOL_MAX_BYTES." if wanted else "Make room.")
    return ok(told)


def _existing(path: Path) -> Path:
    return next(folder for folder in path.parents if folder.exists())


def spool_file() -> Iterator[Finding]:
    """It can be written, keeps what it holds over a restart, and holds nothing."""
    path = Path(settings.SPOOL_PATH)
    folder = _existing(path)
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        yield problem(
            f"{path} cannot be written by {_me()}", f"chown it, or set SPOOL_PATH to a folder of {_me()}."
        )
        return
    if _file_system(folder) in IN_MEMORY:
        yield warning(f"{path} is kept in memory: a restart loses it", "Set SPOOL_PATH to a disk.")
    try:
        yield from _waiting(spool.here().state())
    except spool.SpoolUnavailable as error:
        yield problem(f"{path} cannot be used: {error}", "Look at the file, or move it away to keep it.")


def _waiting(state: spool.State) -> Iterator[Finding]:
    if state.failed:
        yield problem(
            f"{state.failed} message(s) could not be stored and were set aside",
            "Admin, Spool: see why, and let them be tried again.",
        )
    if state.oldest:
        age = (datetime.now(UTC) - state.oldest).total_seconds()
        yield warning(
            f"{state.waiting} message(s) wait for the database, the oldest for {age:.0f} s",
            "They are stored by themselves when the database is back.",
        )
    elif not state.failed:
        yield ok("empty and writable")


def nightly_copies() -> Iterator[Finding]:
    """They come. Without a place for them nobody expects any: another machine makes them, or this is no server."""
    if not backups.NIGHTLY.is_dir():
        return
    if not os.access(backups.NIGHTLY, os.R_OK | os.X_OK):
        yield warning(f"{backups.NIGHTLY} cannot be read by {_me()}", "Look as the service's user.")
    elif found := backups.copies(backups.NIGHTLY):
        yield _age(found[-1])
    else:
        yield warning(
            f"there is no copy in {backups.NIGHTLY}",
            "systemctl enable --now smsconsolidator-backup.timer; where another machine makes them, remove the folder.",
        )


def _age(copy: Path) -> Finding:
    age = datetime.now(UTC) - datetime.fromtimestamp(copy.stat().st_mtime, UTC)
    told = f"the newest copy is {age.total_seconds() / 3600:,.0f} hours old ({copy})"
    if age > OLD_COPY:
        return warning(told, "systemctl status smsconsolidator-backup.service smsconsolidator-backup.timer")
    return ok(told)


def _file_system(folder: Path) -> str:
    """The type of the mount that `folder` is in; empty where /proc does not tell (not Linux)."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    except FileNotFoundError:
        return ""
    inside = [(place, kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(inside, key=lambda mount: len(mount[0]), default=("", ""))[1]


def _me() -> str:
    return f"user {os.geteuid()}"
