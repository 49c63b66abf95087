"""The file that tells nginx which release answers, and in which proportion. It is also the roll-out's only memory."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.layout import COLOURS, PORTS

HEAD = "# Written by python -m deploy.rollout. The weights are per cent of the requests.\n"
SETTLED = re.compile(r"^# settled: (\w+)$", re.MULTILINE)
SERVER = re.compile(r"^server \S+ weight=(\d+)\b.*# (\w+)$", re.MULTILINE)


class UnreadableUpstream(Exception):
    """The file is not one that a roll-out has written."""


@dataclass(frozen=True)
class Upstream:
    """Who answers. `settled` is the release that is known to be good: the one that a roll-back goes to."""

    settled: str
    weights: Mapping[str, int]
    ports: Mapping[str, int] = field(default_factory=lambda: PORTS)

    @classmethod
    def read(cls, path: Path, ports: Mapping[str, int] = PORTS) -> "Upstream":
        """Raises UnreadableUpstream, also where there is none."""
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise UnreadableUpstream(f"{path} is missing: python -m deploy.rollout first") from None
        settled = SETTLED.search(text)
        weights = {name: int(weight) for weight, name in SERVER.findall(text) if name in COLOURS}
        if settled is None or settled[1] not in COLOURS or not weights:
            raise UnreadableUpstream(f"{path} was not written by a roll-out; see docs/upgrade.md")
        return cls(settled[1], weights, ports)

    def text(self) -> str:
        # max_fails=0: a release that fails keeps its share, so that its failures are seen; nginx asks the other one
        # for each of them all the same.
        lines = [
            f"server 127.0.0.1:{self.ports[name]} weight={weight} max_fails=0; # {name}\n"
            for name, weight in self.weights.items()
            if weight
        ]
        return f"{HEAD}# settled: {self.settled}\n{''.join(lines)}"

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
