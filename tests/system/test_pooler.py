"""The whole service through a real pgbouncer in transaction mode, with fewer connections to the server than processes:
whoever relied on the same session from one transaction to the next would not get it. Collected on PostgreSQL only."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests

from tests.support.pgbouncer import Pgbouncer
from tests.support.tcp_proxy import TcpProxy
from tests.system.conftest import StartService
from tests.system.database import Database
from tests.system.numbers import new_number
from tests.system.posting import assert_stored_once, posting, wait_for_drained
from tests.system.providers import Gateway
from tests.system.service import SYSTEM, Service, wait_until

POOL = 3  # connections to the server for all processes together
SENDERS, TEXTS = 12, 3


@dataclass(frozen=True)
class Pooled:
    """A service that reaches its database through a pooler, which reaches it through a proxy."""

    service: Service
    pooler: Pgbouncer
    proxy: TcpProxy


@pytest.fixture(scope="module")
def pooled(running: StartService, template: Database) -> Iterator[Pooled]:
    server = urlsplit(template.url)
    with TcpProxy((server.hostname or "127.0.0.1", server.port or 5432)) as proxy:
        user = f"{server.netloc.rpartition('@')[0]}@" if "@" in server.netloc else ""
        behind = urlunsplit(server._replace(netloc=f"{user}127.0.0.1:{proxy.address[1]}"))
        with (
            Pgbouncer(behind, POOL) as pooler,
            running("pooled", programs=(), WEB_PROCESSES=2) as service,
        ):
            service.environment["DATABASE_POOLER_URL"] = pooler.url(urlsplit(service.database.url).path[1:])
            for program in SYSTEM:
                service.start(program)
            wait_until(service.ready, 60, service.logs)
            yield Pooled(service, pooler, proxy)


def _pool(pooled: Pooled) -> dict[str, int]:
    name = urlsplit(pooled.service.database.url).path[1:]
    [pool] = [one for one in pooled.pooler.console("SHOW POOLS") if one["database"] == name]
    return {
        "clients": pool["cl_active"] + pool["cl_waiting"],
        "servers": sum(pool[key] for key in ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login")),
    }


def _write(service: Service, number: str) -> None:
    with requests.Session() as http:
        http.headers.update(service.http.headers)
        for text in range(TEXTS):
            body = {"message": f"Yes {text}", "number": number, "guid": f"{number}-{text}"}
            answer = http.post(service.url, json=body, timeout=30)
            assert (answer.status_code, answer.json()["processed"]) == (200, 1), answer.text


def test_every_conversation_is_answered_once(pooled: Pooled, gateway: Gateway) -> None:
    numbers = [new_number() for _ in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as threads:
        list(threads.map(lambda number: _write(pooled.service, number), numbers))
    settled = [pooled.service.wait_for_settled(number, seconds=60) for number in numbers]

    assert [(len(one), one[0].outcome, len(one[0].texts)) for one in settled] == [
        (1, "replied", TEXTS)
    ] * SENDERS
    assert [len(gateway.sent_to(number)) for number in numbers] == [1] * SENDERS
    pool = _pool(pooled)
    assert pool["servers"] <= POOL < pool["clients"]  # they did share


def test_commands_read_and_write_through_it(pooled: Pooled) -> None:
    report = pooled.service.manage("consolidation_report", "--json")
    doctor = json.loads(pooled.service.manage("doctor", "--json").stdout)

    assert json.loads(report.stdout)["batches"] >= SENDERS, report.stderr
    told = [line["told"] for line in doctor["lines"] if line["about"] == "database"]
    assert any("of the pooler's" in line for line in told), told


def test_nothing_is_lost_while_the_server_behind_it_is_away(pooled: Pooled) -> None:
    with posting(pooled.service, clients=4) as clients:
        pooled.proxy.refuse()
        wait_until(lambda: all(client.spooled for client in clients), 40, pooled.service.logs)
        pooled.proxy.resume()
    wait_for_drained(pooled.service, 60)

    assert [client.refused for client in clients] == [[]] * 4, pooled.service.logs()[-3000:]
    assert_stored_once(pooled.service.database, clients)
