"""Phones that post at a steady pace through nginx while a release is rolled out, and what they were told."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import requests

from bench.traffic import TEXTS, Message, number

CONNECTIONS = 16
SENDERS_AT_ONCE = 10
BURST = 8  # texts of one sender, one after the other
PATIENCE = 20  # seconds that a provider waits for an answer


@dataclass(frozen=True)
class Told:
    """One request and its answer: a status, or the name of what kept it from coming."""

    message: Message
    answer: int | str
    seconds: float

    @property
    def acknowledged(self) -> bool:
        return isinstance(self.answer, int) and 200 <= self.answer < 300


@dataclass
class Phones:
    """`per_second` messages, each once and never again, so that a refused or lost one stays visible."""

    url: str
    certificate: Path
    token: str
    per_second: int
    told: list[Told] = field(default_factory=list)
    _own: threading.local = field(default_factory=threading.local)
    first_sender: int = 0  # each run has senders of its own

    @contextmanager
    def posting(self) -> Iterator[None]:
        """Post for as long as the block lasts."""
        over = threading.Event()
        with (
            ThreadPoolExecutor(1) as lead,
            ThreadPoolExecutor(CONNECTIONS, initializer=self._connect) as threads,
        ):
            running = lead.submit(self._pace, over, threads)
            try:
                yield
            finally:
                over.set()
            running.result()

    def _pace(self, over: threading.Event, threads: ThreadPoolExecutor) -> None:
        due = time.monotonic()
        for message in self._messages():
            due += 1 / self.per_second
            if over.wait(max(0.0, due - time.monotonic())):
                return
            threads.submit(self._post, message)

    def _messages(self) -> Iterator[Message]:
        """Bursts of ten senders at a time, who take turns; then of the next ten."""
        while True:
            senders = [number(self.first_sender + offset) for offset in range(SENDERS_AT_ONCE)]
            self.first_sender += SENDERS_AT_ONCE
            for _ in range(BURST):
                for sender in senders:
                    guid = uuid4().hex
                    yield Message(guid, sender, TEXTS[int(guid, 16) % len(TEXTS)])

    def _connect(self) -> None:
        self._own.http = requests.Session()
        self._own.http.headers.update({"X-Webhook-Token": self.token, "Host": "sms.example.org"})

    def _post(self, message: Message) -> None:
        began = time.monotonic()
        http: requests.Session = self._own.http
        try:
            # The adapter compares the certificate with the address that it connects to.
            answer = http.post(
                self.url, json=message.payload(), timeout=PATIENCE, verify=str(self.certificate)
            )
            result: int | str = answer.status_code
        except requests.RequestException as error:
            result = type(error).__name__
        self.told.append(Told(message, result, time.monotonic() - began))
