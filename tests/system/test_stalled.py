"""Clients that begin a request and do not end it: they cost nobody else a thread of the server for long.

As many of them as there are threads stall at once, so that nobody is served until they have been given up.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest

from smsconsolidator.bodies import PORTION, SECONDS
from tests.system.conftest import StartService
from tests.system.service import TOKEN, Service

THREADS = 3
WEBHOOK = f"POST /api/webhook/sms-received HTTP/1.1\r\nX-Webhook-Token: {TOKEN}\r\nContent-Type: application/json\r\n"
LOGIN = (
    "POST /admin/login/ HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Cookie: csrftoken={'a' * 32}\r\n"
)
CHUNKED = f"{WEBHOOK}Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n"
HALF = "Host: localhost\r\nContent-Length: 200\r\n\r\n0123456789"


@pytest.fixture(scope="module")
def small(running: StartService) -> Iterator[Service]:
    with running("stalled", WEB_THREADS=THREADS, WEB_PROCESSES=1) as service:
        yield service


def answer(connection: socket.socket) -> str:
    """All that the server says before it closes the connection."""
    said = b""
    while more := connection.recv(1000):
        said += more
    return said.decode()


def test_everybody_is_served_once_they_are_given_up(small: Service, sender: str) -> None:
    with ExitStack() as stack:
        connections = []
        for request in (WEBHOOK + HALF, LOGIN + HALF, CHUNKED):
            connection = socket.create_connection(("127.0.0.1", small.port), timeout=60)
            connections.append(stack.enter_context(connection))
            connection.sendall(request.encode())
        answers = [answer(connection) for connection in connections]
        assert small.http.get(f"http://127.0.0.1:{small.port}/healthz", timeout=60).status_code == 200
        small.send(sender, "Yes")
    assert {said.split()[1] for said in answers} == {"408"}
    assert all(f"did not come within {SECONDS} seconds" in said for said in answers)
    small.wait_for_settled(sender)


def test_what_was_given_up_at_the_webhook_is_recorded(small: Service) -> None:
    with socket.create_connection(("127.0.0.1", small.port), timeout=60) as connection:
        connection.sendall((WEBHOOK + HALF).encode())
        assert answer(connection).startswith("HTTP/1.1 408")
    rows = small.database.rows("SELECT errors FROM batches_rejecteddelivery WHERE http_status = 408")
    assert "did not come within" in str(rows[-1])


def test_a_slow_but_steady_body_is_taken(small: Service, sender: str) -> None:
    message = json.dumps({"guid": uuid4().hex, "number": sender, "message": "Yes"})
    body = message.ljust(4 * PORTION).encode()
    with socket.create_connection(("127.0.0.1", small.port), timeout=60) as connection:
        head = f"{WEBHOOK}Host: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode())
        for start in range(0, len(body), PORTION // 2):
            time.sleep(SECONDS / 6)
            connection.sendall(body[start : start + PORTION // 2])
        assert '"processed":1' in answer(connection)
    small.wait_for_settled(sender)
