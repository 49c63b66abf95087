"""The signs that a release is watched by, and which of them are bad.

They are those that operators of such a service look at by hand after a deployment: does it answer, is it ready, how
many requests fail, do batches close on time, are they processed, do the replies go out.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deploy.layout import PROGRAMS
from deploy.rollout.machine import Machine
from deploy.signs import Signs

FEW = 3  # so many failures may always be chance


@dataclass(frozen=True)
class Limits:
    """Above which a sign is bad. Shares are per cent, times seconds."""

    errors: float = 1.0  # answers 5xx of the new release
    lateness: float = 5.0  # the latest close, or an open batch whose window is over
    waiting: float = 30.0  # the closed batch that nobody works on
    failed: float = 2.0  # batches without an answer; or twice what it was before, where that is more
    replies: float = 5.0  # refused, or unknown whether sent; the same


@dataclass
class AccessLog:
    """What nginx has logged since this was made, by the server that was asked. Rotation is followed."""

    path: Path
    ports: Mapping[int, str]  # to colours
    requests: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0  # lines

    def __post_init__(self) -> None:
        state = os.stat(self.path) if self.path.exists() else None
        self._inode = state.st_ino if state else 0
        self._position = state.st_size if state else 0

    def read(self) -> None:
        """Count what has been added. A line that is not yet complete is left for the next time."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            now = os.fstat(file.fileno())
            # moved away, or emptied where it is
            if now.st_ino != self._inode or now.st_size < self._position:
                self._inode, self._position = now.st_ino, 0
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._position += len(line)
                self._count(line)

    def _count(self, line: bytes) -> None:
        if (lists := _lists(line)) is None:
            self.unreadable += 1
            return
        for colour, status in self._asked(*lists):
            self.requests[colour] = self.requests.get(colour, 0) + 1
            if status >= 500:
                self.errors[colour] = self.errors.get(colour, 0) + 1

    def _asked(self, servers: Sequence[str], statuses: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Each release that was asked, and its answer: both, where the first one failed. A 502 is no answer at all."""
        for server, status in zip(servers, statuses, strict=False):
            address, _, port = server.rpartition(":")  # another machine's releases have the same ports
            colour = self.ports.get(int(port)) if address == "127.0.0.1" and port.isdecimal() else None
            if colour and status.isdecimal():
                yield colour, int(status)


def _lists(line: bytes) -> tuple[list[str], list[str]] | None:
    """A line's servers and their answers; None where it is not what the site's log_format writes.

    nginx leaves bytes that are no UTF-8 as they are: GET /%ff, by whoever likes to.
    """
    try:
        entry = json.loads(line.decode("utf-8", "replace"))
        found = [entry[name].replace(" : ", ", ").split(", ") for name in ("upstream", "upstream_status")]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return found[0], found[1]


@dataclass
class Watch:
    """One release under observation, from now on."""

    machine: Machine
    colour: str
    programs: tuple[str, ...]
    log: AccessLog
    limits: Limits
    before: Signs
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.restarts = self.machine.restarts(self.colour, *PROGRAMS)
        self.signs: Signs | None = None
        self._unready = 0

    def look(self) -> list[str]:
        """A sentence for each bad sign; none when all is well."""
        self.log.read()
        self.signs = self.machine.signs(self.colour, self.began)
        return [*self._processes(), *self._answers(), *self._batches(self.signs)]

    def _processes(self) -> Iterator[str]:
        if self.machine.restarts(self.colour, *PROGRAMS) > self.restarts:
            yield "a process ended by itself and was started again"
        for program in self.programs:
            if not self.machine.is_active(self.colour, program):
                yield f"its {program} is not running"
        self._unready = 0 if self.machine.is_ready(self.colour) else self._unready + 1
        if self._unready > 1:
            yield "it is not ready (/readyz says in which part)"

    def _answers(self) -> Iterator[str]:
        asked, failed = self.log.requests.get(self.colour, 0), self.log.errors.get(self.colour, 0)
        if _too_many(failed, asked, self.limits.errors):
            yield f"{failed} of {asked} requests failed"

    def _batches(self, now: Signs) -> Iterator[str]:
        if max(now.lateness_max, now.overdue) > self.limits.lateness:
            yield f"batches are closed late: {max(now.lateness_max, now.overdue):.1f} s"
        if now.waiting > self.limits.waiting:
            yield f"a closed batch has been waiting for {now.waiting:.0f} s"
        usual = 200 * self.before.failed / max(1, self.before.settled)
        if _too_many(now.failed, now.settled, max(self.limits.failed, usual)):
            yield f"{now.failed} of {now.settled} batches failed"
        usual = 200 * self.before.replies_bad / max(1, self.before.replies)
        if _too_many(now.replies_bad, now.replies, max(self.limits.replies, usual)):
            yield f"{now.replies_bad} of {now.replies} replies were refused, or it is unknown whether they were sent"


def _too_many(some: int, of: int, per_cent: float) -> bool:
    return some >= FEW and some * 100 > of * per_cent
