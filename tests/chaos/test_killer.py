"""The kills of a chaos run: as many as planned, and never several at once because some were late."""

from collections.abc import Sequence
from random import Random
from typing import Any, cast

import psutil  # type: ignore[import-untyped]
import pytest

from chaos import killer
from chaos.killer import Killer
from chaos.node import KINDS, Node


class Sometimes:
    """A node that is up for a moment now and then; its processes are nobody's."""

    name = "node1"

    def __init__(self, absent: int) -> None:
        self.absent, self.looks = absent, 0

    def processes(self) -> dict[str, list[psutil.Process]]:
        self.looks += 1
        return {} if self.looks <= self.absent else dict.fromkeys(KINDS, self._nobody)

    def everybody(self) -> Sequence[psutil.Process]:
        return [] if self.looks <= self.absent else self._nobody

    @property
    def _nobody(self) -> list[psutil.Process]:
        return [cast("psutil.Process", Nobody())]


class Nobody:
    """Takes every signal, and has no children."""

    pid = 0

    def send_signal(self, _: int) -> None: ...

    def parent(self) -> None: ...

    def children(self, **_: Any) -> list[Any]:
        return []

    def net_connections(self, _: str) -> list[Any]:
        return []


def test_those_that_are_late_do_not_come_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killer, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(killer, "TERM_SHARE", 0)
    node = Sometimes(absent=60)  # much longer than the first kills are apart
    one = Killer([cast("Node", node)], kills=10, seconds=0.4, random=Random(1))
    one.start()
    one.finish()
    assert one.killed.total() == 10
    assert one.done[-1].at - one.done[0].at > 0.1


def test_a_sigterm_waits_for_nobody_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a whole node was the only one left to be killed, it waited for another for ever."""
    monkeypatch.setattr(killer, "TERM_SHARE", 0.5)
    one = Killer([cast("Node", Sometimes(absent=0))], kills=300, seconds=0.1, random=Random(1))
    one.start()
    one._thread.join(20)
    one._stop.set()
    assert one.killed.total() == 300
    assert not any(kill.kind == killer.WHOLE_NODE for kill in one.done if kill.how == "SIGTERM")
