"""Clients that post while something breaks, and the proof that all that was acknowledged is stored once."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.system.database import Database
from tests.system.numbers import new_number
from tests.system.service import Service, wait_until

PATIENCE = 15  # seconds that a provider waits for an answer


@dataclass
class Client:
    """One phone: its texts are numbered, each is posted when the one before was answered, all to one web process."""

    service: Service
    http: requests.Session | None = None  # the service's own otherwise
    number: str = field(default_factory=new_number)
    acknowledged: list[str] = field(default_factory=list)
    spooled: int = 0
    direct: bool = False  # the last one went straight into the database
    refused: list[int] = field(default_factory=list)

    @property
    def next_guid(self) -> str:
        return f"{self.number}-{len(self.acknowledged) + len(self.refused):05}"

    def post(self) -> requests.Response:
        guid = self.next_guid
        message = {"message": guid, "number": self.number, "guid": guid}
        answer = (self.http or self.service.http).post(self.service.url, json=message, timeout=PATIENCE)
        if answer.status_code == 200:
            self.acknowledged.append(guid)
            self.spooled += answer.json().get("spooled", 0)
            self.direct = answer.json()["processed"] == 1
        else:
            self.refused.append(answer.status_code)
        return answer

    def post_until(self, over: threading.Event) -> None:
        with requests.Session() as self.http:
            self.http.headers.update(self.service.http.headers)
            while not over.wait(0.01):
                self.post()


@contextmanager
def posting(service: Service, clients: int = 8) -> Iterator[list[Client]]:
    """So many clients, posting at the same time for as long as the block lasts; it begins when all is well."""
    over = threading.Event()
    phones = [Client(service) for _ in range(clients)]
    with ThreadPoolExecutor(clients) as threads:
        running: list[Future[None]] = [threads.submit(phone.post_until, over) for phone in phones]
        try:
            wait_until(lambda: all(phone.direct for phone in phones), 20, service.logs)
            for phone in phones:
                phone.spooled = 0
            yield phones
        finally:
            over.set()
        for future in running:
            future.result(60)


def client(service: Service) -> Client:
    """A client after its first text was stored straight."""
    phone = Client(service)
    wait_until(lambda: phone.post() and phone.direct, 20, service.logs)
    return phone


def spool(service: Service) -> dict[str, Any]:
    """The spool as /readyz tells it."""
    answer = service.http.get(f"http://127.0.0.1:{service.port}/readyz", timeout=PATIENCE)
    state: dict[str, Any] = answer.json()["checks"]["spool"]
    return state


def wait_for_drained(service: Service, seconds: float = 30) -> None:
    wait_until(
        lambda: spool(service)["waiting"] == 0, seconds, lambda: f"{spool(service)}\n{service.logs()[-3000:]}"
    )


def assert_stored_once(database: Database, clients: list[Client]) -> None:
    """Every acknowledged text is stored once, linked to a batch that counts it, in the order of its sender's posts."""
    for client in clients:
        found = database.rows(
            "SELECT provider_message_id FROM batches_message WHERE sender = %s ORDER BY received_at, id",
            client.number,
        )
        stored = [guid for (guid,) in found]
        assert Counter(stored) == Counter(client.acknowledged)
        assert stored == client.acknowledged
        counts = "SELECT sum(message_count) FROM batches_batch WHERE sender = %s"
        assert database.rows(counts, client.number)[0][0] == len(stored)
