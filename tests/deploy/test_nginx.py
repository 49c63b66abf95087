"""What the roll-out writes for nginx and reads of it, with nginx itself."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.rollout.watching import AccessLog
from tests.deploy.server import HAS_NGINX, REFUSES, Server

pytestmark = pytest.mark.skipif(not HAS_NGINX, reason="nginx is not installed")
PATIENCE = 30  # seconds


def wait_until(state: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_strangers_bytes_are_read(server: Server) -> None:
    server.start_nginx()
    server.get("/healthz")
    path = server.layout.access_log
    wait_until(lambda: bool(path.read_bytes()))
    log = AccessLog(path, {port: colour for colour, port in server.ports.items()})
    assert server.get("/%ff").status_code == 200
    wait_until(lambda: b"\xff" in path.read_bytes())
    log.read()
    assert (log.requests, log.unreadable) == ({"blue": 1}, 0)


def test_a_strangers_bytes_do_not_end_the_watch(server: Server) -> None:
    server.start_nginx()
    rollout = server.begin("blue-green", "--watch", "3")
    wait_until(lambda: server.upstream.weights.get("green") == 100)
    wait_until(lambda: server.get("/%ff").json()["version"] == "0.2")
    said, _ = rollout.communicate(timeout=200)
    assert rollout.returncode == 0, said
    assert b"\xff" in server.layout.access_log.read_bytes()
    assert server.answers_alone("green")


@pytest.mark.parametrize("path", REFUSES)
def test_a_bad_release_costs_nobody_an_answer_even_with_all_requests(server: Server, path: str) -> None:
    """One that fails and one that hangs: the release before is asked of each request again, and the roll-out ends."""
    server.unpack("green", "0.3", faults=REFUSES)
    server.start_nginx()
    rollout = server.begin("blue-green", "--watch", "100")
    wait_until(lambda: server.get("/healthz").json()["version"] == "0.3")  # nginx has read what was written
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: server.get(path), range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert {answer.json()["version"] for answer in answers} == {"0.1"}

    said, _ = rollout.communicate(timeout=200)
    assert "requests failed" in said
    assert server.answers_alone("blue")


def test_another_machine_is_kept_and_its_failures_are_its_own(server: Server) -> None:
    """It listens on the same ports, under its own address; here nothing does, and each request is asked of ours too."""

    def asked(address: str) -> bool:
        assert server.get("/healthz").status_code == 200
        return f'"{address}:' in server.layout.access_log.read_text()

    server.start_nginx()
    line = f"server 127.0.0.2:{server.ports['green']} weight=100 max_fails=0;"
    with server.layout.upstream.open("a") as file:
        file.write(f"{line}\n")
    rollout = server.begin("blue-green", "--watch", "3")
    wait_until(lambda: asked("127.0.0.2"))  # nginx reads what the roll-out wrote a moment later
    assert all(server.get("/healthz").status_code == 200 for _ in range(20))
    said, _ = rollout.communicate(timeout=200)
    assert rollout.returncode == 0, said
    assert line in server.layout.upstream.read_text().splitlines()
    server.give("rollback")
    assert line in server.layout.upstream.read_text().splitlines()
