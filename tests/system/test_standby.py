"""A server with a streaming standby, both of the test's own: reports read the standby, and it takes over when the first
one dies, which is the last test. Collected on PostgreSQL only."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from chaos.servers import PostgresServer
from tests.support.standby_server import StandbyServer
from tests.support.tcp_proxy import TcpProxy
from tests.system.conftest import KEY
from tests.system.database import Database, Postgres
from tests.system.numbers import new_number
from tests.system.posting import assert_stored_once, posting, wait_for_drained
from tests.system.providers import Gateway
from tests.system.service import Service, wait_until

COUNT = "SELECT count(*) FROM batches_batch WHERE status = 'completed'"
UNSETTLED = "SELECT id FROM batches_batch WHERE status NOT IN ('completed', 'failed')"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where PostgreSQL's own user may come, too."""
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def primary(place: Path) -> Iterator[PostgresServer]:
    with PostgresServer(place, place / "primary.log") as server:
        yield server


@pytest.fixture(scope="module")
def database(primary: PostgresServer, template: Database) -> Database:
    """Migrated, on the first server."""
    dump = subprocess.run(["pg_dump", template.url], capture_output=True, check=True)
    subprocess.run(["psql", "-q", primary.url], input=dump.stdout, stdout=subprocess.DEVNULL, check=True)
    return Postgres(primary.url, "postgres")


@pytest.fixture(scope="module")
def standby(database: Database, primary: PostgresServer, place: Path) -> Iterator[StandbyServer]:
    (place / "standby").mkdir()
    with StandbyServer(place / "standby", place / "standby.log", primary) as server:
        assert server.ask("SELECT pg_is_in_recovery()")
        yield server


@pytest.fixture(scope="module")
def proxy(primary: PostgresServer) -> Iterator[TcpProxy]:
    """The address that moves."""
    with TcpProxy(("127.0.0.1", primary.port)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(
    database: Database, standby: StandbyServer, proxy: TcpProxy, gateway: Gateway, place: Path
) -> Iterator[Service]:
    settings: dict[str, Any] = {
        "CONSOLIDATION_WINDOW": 1,
        "CLASSIFICATION_MODE": "rules",
        "SMS_AUTO_REPLY_ENABLED": "true",
        "SMS_MOBILE_API_KEY": KEY,
        "SMS_MOBILE_API_URL": gateway.url,
        "REPORT_DATABASE_URL": standby.url,
        "DATABASE_URL": f"postgres://postgres@127.0.0.1:{proxy.address[1]}/postgres",
    }
    (place / "service").mkdir()
    with Service(place / "service", database, **settings) as service:
        yield service


def reported(service: Service) -> int:
    """How many conversations the report tells of."""
    report = service.manage("consolidation_report", "--json")
    assert report.returncode == 0, report.stderr
    found: int = json.loads(report.stdout)["batches"]
    return found


def test_reports_are_as_old_as_the_standby(service: Service, standby: StandbyServer) -> None:
    service.send(first := new_number(), "Yes")
    service.wait_for_settled(first)
    wait_until(lambda: standby.ask(COUNT) == 1, 10, standby.log.read_text)
    standby.ask("SELECT pg_wal_replay_pause()")
    service.send(second := new_number(), "Yes")
    service.wait_for_settled(second)
    assert reported(service) == 1
    standby.ask("SELECT pg_wal_replay_resume()")
    wait_until(lambda: standby.ask(COUNT) == 2, 10, standby.log.read_text)
    assert reported(service) == 2


def test_the_standby_takes_over(
    service: Service, primary: PostgresServer, standby: StandbyServer, proxy: TcpProxy, gateway: Gateway
) -> None:
    """With synchronous replication, and a kill of the first server in the middle of everything."""
    with psycopg.connect(primary.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    with posting(service) as clients, ExitStack() as stack:
        wait_until(lambda: int(str(standby.ask(COUNT))) >= 8, 30, service.logs)
        primary.stop(signal.SIGKILL)
        proxy.refuse()
        wait_until(lambda: all(one.spooled for one in clients), 20, service.logs)
        assert standby.ask("SELECT pg_promote()")
        proxy.target = ("127.0.0.1", standby.port)
        proxy.resume()
        stack.callback(wait_until, lambda: all(one.direct for one in clients), 30, service.logs)
    wait_for_drained(service)
    there = Postgres(standby.url, "postgres")
    assert_stored_once(there, clients)
    wait_until(lambda: not there.rows(UNSETTLED), 90, service.logs)
    for one in clients:
        live = "SELECT count(*) FROM replies_reply WHERE \"to\" = %s AND status IN ('sent', 'unknown')"
        assert len(gateway.sent_to(one.number)) <= there.rows(live, one.number)[0][0]
