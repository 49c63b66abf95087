"""The first machine's nginx sends to a second one too, which is rolled out by itself."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.rehearsal.ground import install_nginx_behind
from tests.deploy.server import HAS_NGINX, Server
from tests.deploy.test_nginx import wait_until

needs_nginx = pytest.mark.skipif(not HAS_NGINX, reason="nginx is not installed")


@pytest.fixture
def second(server: Server, tmp_path: Path) -> Iterator[Server]:
    """Behind the first one, half of whose requests it is given. Its releases are 0.1 and 0.2b."""
    with Server.made(tmp_path / "second", behind=True) as found:
        found.unpack("green", "0.2b")
        found.give("first", "blue")
        found.start_nginx()
        with server.layout.upstream.open("a") as file:
            file.write(f"server 127.0.0.1:{found.port} weight=100;\n")
        server.start_nginx()
        yield found


def versions(server: Server, requests: int = 40) -> Counter[str]:
    answers = [server.get("/api/webhook/") for _ in range(requests)]  # where many may be asked
    assert {answer.status_code for answer in answers} == {200}
    return Counter(answer.json()["version"] for answer in answers)


@needs_nginx
def test_each_is_rolled_out_by_itself(server: Server, second: Server) -> None:
    assert versions(server) == {"0.1": 40}
    server.give("blue-green")
    found = versions(server)
    assert found["0.1"] == pytest.approx(20, abs=4)
    assert found["0.2"] == pytest.approx(20, abs=4)

    rollout = second.begin("blue-green", "--watch", "6")
    wait_until(lambda: "0.2b" in versions(server))
    said, _ = rollout.communicate(timeout=200)
    assert rollout.returncode == 0, said
    assert " 0 requests" not in said  # it sees its own in its own log
    assert versions(server).keys() == {"0.2", "0.2b"}

    second.give("rollback")
    server.give("rollback")
    assert versions(server) == {"0.1": 40}
    assert f":{second.port} weight=100;" in server.layout.upstream.read_text()


@needs_nginx
def test_the_second_hears_who_asks_from_the_first(server: Server, second: Server) -> None:
    server.layout.upstream.write_text(f"server 127.0.0.1:{second.port};\n")
    server.run(*server.nginx, "-s", "reload")
    wait_until(lambda: server.get("/healthz").ok and bool(second.layout.access_log.read_text()))
    answer = server.get("/healthz", client="127.0.0.3")
    told = answer.json()["headers"]
    assert told["X-Forwarded-Proto"] == "https"
    assert told["X-Forwarded-For"] == "127.0.0.3"
    assert told["X-Request-ID"] == answer.headers["X-Request-ID"]
    assert told["Host"] == "sms.example.org"


@needs_nginx
def test_nobody_but_the_first_is_let_in(tmp_path: Path) -> None:
    with Server.made(tmp_path, behind=True) as machine:
        install_nginx_behind(machine.layout, machine.port, first="10.0.0.1")
        machine.give("first", "blue")
        machine.start_nginx()
        assert requests.get(f"http://127.0.0.1:{machine.port}/healthz", timeout=30).status_code == 403


def test_workers_alone_need_no_nginx(tmp_path: Path) -> None:
    """Nobody sends to such a machine: there is no /etc/nginx, and `true` stands in nginx's place."""
    with Server.made(tmp_path) as machine:
        shutil.rmtree(machine.root / "etc/nginx", ignore_errors=True)
        machine.give("first", "blue")
        machine.give("blue-green")
        assert machine.answers_alone("green")
        machine.give("rollback")
        assert machine.answers_alone("blue")
