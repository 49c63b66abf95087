"""The faults of the machine itself: kill -9 of every kind of process, servers that go away, clocks that step."""

import math
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import psutil  # type: ignore[import-untyped]

from bench.processes import ServerError
from chaos.clock import Clock
from chaos.node import KINDS, Node
from chaos.servers import Server, restart

WHOLE_NODE = "whole node"
EVERY_KIND = (*KINDS, WHOLE_NODE)
TERM_SHARE = 0.1  # as many SIGTERMs come on top of the kills
AWAY = 2.0  # seconds that a server stays away
LOOK_AGAIN = 0.3  # seconds; to look through all processes is dear, and those who start need the processor


@dataclass(frozen=True)
class Kill:
    """One signal that was sent. `ports`: the local TCP ports of all that died with the process, as seen at `looked`."""

    at: float
    node: str
    kind: str
    pids: tuple[int, ...]
    how: str
    ports: frozenset[int] = frozenset()
    looked: float = math.inf


@dataclass(frozen=True)
class Outage:
    """A server's absence, in seconds since the epoch."""

    server: str
    how: str
    begin: float
    end: float


@dataclass
class Killer:
    """Sends `kills` SIGKILLs over `seconds` or a little more, every kind of process in turn, and some SIGTERMs."""

    nodes: Sequence[Node]
    kills: int
    seconds: float
    random: Random
    done: list[Kill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)
        self._stop = threading.Event()
        self._turns: deque[str] = deque()

    def start(self) -> None:
        """Begin now."""
        self._thread.start()

    def finish(self) -> None:
        """Return when the last one is dead."""
        self._thread.join(2 * self.seconds + 60)
        self._stop.set()

    @property
    def killed(self) -> Counter[str]:
        """How many kill -9 there were, by kind."""
        return Counter(kill.kind for kill in self.done if kill.how == "SIGKILL")

    def _run(self) -> None:
        """Each kill waits from the last one on: late ones all at once would hit whatever has just come up again."""
        gap = self.seconds / self.kills
        for _ in range(self.kills):
            if self._stop.wait(2 * gap * self.random.random()):
                return
            self._kill(signal.SIGKILL)
            if self.random.random() < TERM_SHARE:
                self._kill(signal.SIGTERM)

    def _kill(self, how: signal.Signals) -> None:
        """Send the signal to somebody of the kind whose turn it is; while there is nobody, of the next."""
        while not self._stop.is_set():
            kind, node = self._next_kind(how), self.random.choice(self.nodes)
            victims = _victims(node, kind, self.random)
            if victims:
                self.done.append(_send(node, kind, victims, how))
                return
            if how == signal.SIGKILL:
                self._turns.append(kind)  # just being started: its turn comes later
            time.sleep(LOOK_AGAIN)

    def _next_kind(self, how: signal.Signals) -> str:
        """Every kind has its turn to be killed; a SIGTERM goes to any, but not to all of a node at once."""
        if how == signal.SIGTERM:
            return self.random.choice(KINDS)
        if not self._turns:
            self._turns.extend(self.random.sample(EVERY_KIND, len(EVERY_KIND)))
        return self._turns.popleft()


def _victims(node: Node, kind: str, random: Random) -> list[psutil.Process]:
    if kind == WHOLE_NODE:
        return node.everybody()
    candidates = node.processes().get(kind, [])
    return [random.choice(candidates)] if candidates else []


def _send(node: Node, kind: str, victims: Sequence[psutil.Process], how: signal.Signals) -> Kill:
    looked = time.time()
    ports = frozenset(port for victim in victims for port in _ports(victim, kind))
    at = time.time()
    pids = []
    for victim in victims:
        try:
            victim.send_signal(how)
            pids.append(victim.pid)
        except psutil.Error:  # it was faster
            continue
    return Kill(at, node.name, kind, tuple(pids), how.name, ports, looked)


def _ports(victim: psutil.Process, kind: str) -> Iterator[int]:
    """Local ports of the process and of those that die with it; with a monitor, its whole cluster does."""
    try:
        head = victim.parent() if kind == "monitor" else victim
        family = [head, *head.children(recursive=True)] if head else []
    except psutil.Error:
        return
    for process in family:
        try:
            yield from (connection.laddr.port for connection in process.net_connections("tcp"))
        except psutil.Error:
            continue


@dataclass
class Outages:
    """Takes servers away, one after the other, at even distances within `seconds`."""

    plan: Sequence[tuple[str, Server, signal.Signals]]
    seconds: float
    done: list[Outage] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="outages", daemon=True)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin now."""
        self._thread.start()

    def finish(self) -> None:
        """Return when the last server is back."""
        self._thread.join(self.seconds + 120)
        self._stop.set()

    def _run(self) -> None:
        gap = self.seconds / (len(self.plan) + 1)
        begin = time.monotonic()
        for number, (name, server, how) in enumerate(self.plan, start=1):
            if self._stop.wait(max(0.0, begin + number * gap - time.monotonic())):
                return
            went = time.time()
            try:
                restart(server, how, AWAY)
            except ServerError as error:
                self.errors.append(str(error))
                return
            self.done.append(Outage(name, how.name, went, time.time()))


@dataclass
class Steps:
    """Steps the clocks of nodes that have one, `times` times each within `seconds`."""

    clocks: Sequence[Clock]
    times: int
    seconds: float
    done: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=[clock], name="clock", daemon=True)
            for clock in self.clocks
        ]

    def start(self) -> None:
        """Begin now."""
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Return when the clocks are right again."""
        for thread in self._threads:
            thread.join(self.seconds + 10)
        self._stop.set()

    def _run(self, clock: Clock) -> None:
        self.done += clock.step_evenly(self.times, self.seconds, self._stop)
