"""A load generator that costs little, because it shares the machine with what it measures.

One process, raw sockets on the loopback, requests made beforehand, one request under way per connection.
"""

import gc
import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns

from classification.ranks import nearest_rank

HOST = "127.0.0.1"
SECOND = 1_000_000_000  # nanoseconds


class LoadError(Exception):
    """The server hung up, sent what is not HTTP/1.1, or let the time run out."""


@dataclass
class Result:
    """What came of one load. `latencies` are in nanoseconds, `elapsed` in seconds.

    `accepted` holds the indexes of the requests that were answered 200.
    """

    latencies: list[int] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    refused: list[tuple[int, int]] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Accepted requests per second."""
        return len(self.accepted) / self.elapsed if self.elapsed else 0.0

    def milliseconds(self, percent: int) -> float:
        """The latency (ms) that so many per cent of the answers kept."""
        return nearest_rank(sorted(self.latencies), percent) / 1e6


class _Connection:
    """One keep-alive connection and the request that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.index = -1
        self.started = 0
        self._received = b""

    def send(self, index: int, request: bytes, started: int) -> None:
        self.index, self.started, self._received = index, started, b""
        self.socket.sendall(request)

    def receive(self) -> int:
        """The status once the answer is complete, else 0. Call when the socket is readable."""
        data = self.socket.recv(65536)
        if not data:
            raise LoadError("the server closed the connection in the middle of an answer")
        self._received += data
        return _status(self._received)


def _status(received: bytes) -> int:
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return 0
    lowered = head.lower()
    _, found, rest = lowered.partition(b"\r\ncontent-length:")
    if not found:
        return int(head[9:12]) if b"chunked" in lowered and body.endswith(b"0\r\n\r\n") else 0
    return int(head[9:12]) if len(body) >= int(rest.split(b"\r\n", 1)[0]) else 0


class _Run:
    """One load under way: hands out requests in order and notes the answers."""

    def __init__(self, requests: Sequence[bytes], seconds: float, interval: float) -> None:
        self.requests = requests
        self.interval = int(interval * SECOND)
        self.result = Result()
        self.next = 0
        self.busy = 0
        self.begin = perf_counter_ns()
        self.stop_sending = self.begin + int(seconds * SECOND)
        self.give_up = self.stop_sending + 30 * SECOND

    def due(self, now: int) -> int:
        """When (ns) the next request is to be sent; now, where no pace is kept."""
        return self.begin + self.next * self.interval if self.interval else now

    def has_more(self, now: int) -> bool:
        return self.next < len(self.requests) and now < self.stop_sending

    def start(self, connection: _Connection, started: int) -> None:
        connection.send(self.next, self.requests[self.next], started)
        self.next += 1
        self.busy += 1

    def finish(self, connection: _Connection, status: int, now: int) -> None:
        self.busy -= 1
        self.result.latencies.append(now - connection.started)
        if status == 200:
            self.result.accepted.append(connection.index)
        else:
            self.result.refused.append((connection.index, status))


def post(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, interval: float = 0.0
) -> Result:
    """Send `requests` in order over `connections`, for at most `seconds` (answers under way are awaited).

    `interval` (seconds) keeps a fixed pace; a latency then counts from the moment the request was due, so
    that a slow answer is not hidden by the requests that it held up. Raises LoadError when none comes.
    """
    idle = [_Connection(port) for _ in range(connections)]
    everyone = list(idle)
    selector = selectors.DefaultSelector()
    for connection in everyone:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    gc.disable()
    try:
        return _loop(_Run(requests, seconds, interval), idle, selector)
    finally:
        gc.enable()
        selector.close()
        for connection in everyone:
            connection.socket.close()


def _loop(run: _Run, idle: list[_Connection], selector: selectors.BaseSelector) -> Result:
    while True:
        now = perf_counter_ns()
        while idle and run.has_more(now) and run.due(now) <= now:
            run.start(idle.pop(), run.due(now))
        if not run.busy and not run.has_more(now):
            run.result.elapsed = (now - run.begin) / SECOND
            return run.result
        if now > run.give_up:
            raise LoadError(f"{run.busy} requests had no answer 30 seconds after the last was sent")
        for key, _ in selector.select(_patience(run, bool(idle), now)):
            _answer(run, key.data, idle)


def _patience(run: _Run, has_idle: bool, now: int) -> float:
    """How long (seconds) to wait for an answer before there is something else to do."""
    return max(0, run.due(now) - now) / SECOND if has_idle and run.has_more(now) else 1.0


def _answer(run: _Run, connection: _Connection, idle: list[_Connection]) -> None:
    status = connection.receive()
    if status:
        run.finish(connection, status, perf_counter_ns())
        idle.append(connection)
