"""The file that tells nginx which release answers, and in which proportion. It is also the roll-out's only memory."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.layout import COLOURS, PORTS

HEAD = "# Written by python -m deploy.rollout. The weights are per cent; servers of other machines are left alone.\n"
SETTLED = re.compile(r"^# settled: (\w+)$", re.MULTILINE)
PREVIOUS = re.compile(rf"^# previous: ({'|'.join(COLOURS)}) (/.*)$", re.MULTILINE)
SERVER = re.compile(
    rf"^server 127\.0\.0\.1:\d+ (?:weight=(\d+)|backup)\b.*# ({'|'.join(COLOURS)})$", re.MULTILINE
)
OURS = re.compile(rf"# (?:Written by python -m deploy\.rollout|settled:|previous:)|{SERVER.pattern}")


class UnreadableUpstream(Exception):
    """The file is not one that a roll-out has written."""


@dataclass(frozen=True)
class Previous:
    """The release that answered before, as its link was then: the link is given to the next release."""

    colour: str
    release: Path


@dataclass(frozen=True)
class Upstream:
    """Who answers. `settled` is the release that is known to be good: an unfinished roll-out goes back to it.

    `previous` is known from the end of a roll-out to the beginning of the next one, or to the going back.
    """

    settled: str
    weights: Mapping[str, int]
    ports: Mapping[str, int] = field(default_factory=lambda: PORTS)
    previous: Previous | None = None
    others: tuple[str, ...] = ()  # lines that are an operator's: servers of other machines

    @property
    def other(self) -> str:
        """The colour that is not settled."""
        [found] = set(COLOURS) - {self.settled}
        return found

    @property
    def unfinished(self) -> bool:
        """Whether a roll-out has begun to send requests to the other release, and has not ended."""
        return dict(self.weights) != {self.settled: 100}

    @classmethod
    def read(cls, path: Path, ports: Mapping[str, int] = PORTS) -> "Upstream":
        """Raises UnreadableUpstream, also where there is none."""
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise UnreadableUpstream(f"{path} is missing: python -m deploy.rollout first") from None
        settled = SETTLED.search(text)
        weights = {name: int(weight or 0) for weight, name in SERVER.findall(text)}
        if settled is None or settled[1] not in COLOURS or not weights:
            raise UnreadableUpstream(f"{path} was not written by a roll-out; see docs/upgrade.md")
        before = PREVIOUS.search(text)
        previous = Previous(before[1], Path(before[2])) if before else None
        return cls(settled[1], weights, ports, previous, cls.kept(path))

    @staticmethod
    def kept(path: Path) -> tuple[str, ...]:
        """The file's lines that are not a roll-out's; none where there is no file."""
        lines = path.read_text("utf-8").splitlines() if path.exists() else ()
        return tuple(line for line in lines if line.strip() and not OURS.match(line))

    def text(self) -> str:
        # max_fails=0: a release that fails keeps its share, so that its failures are seen; nginx asks the other one
        # for each of them all the same, also one without a share.
        lines = [
            f"server 127.0.0.1:{self.ports[name]} {f'weight={weight}' if weight else 'backup'} max_fails=0; # {name}\n"
            for name, weight in self.weights.items()
        ]
        before = f"# previous: {self.previous.colour} {self.previous.release}\n" if self.previous else ""
        others = "".join(f"{line}\n" for line in self.others)
        return f"{HEAD}# settled: {self.settled}\n{before}{''.join(lines)}{others}"

    def write(self, path: Path) -> None:
        """In one move: nginx never reads half of it, and a crash leaves the old one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(self.text())
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.replace(path)
