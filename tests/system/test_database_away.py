"""PostgreSQL goes away in every way that a proxy, a lock and a full disk can play: what was acknowledged is stored
once, in order, when it is back. Collected on PostgreSQL only."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.support.tcp_proxy import TcpProxy
from tests.system.conftest import StartService
from tests.system.database import Database, Postgres
from tests.system.posting import Client, assert_stored_once, client, posting, spool, wait_for_drained
from tests.system.providers import Gateway
from tests.system.service import Service, wait_until

OUTAGE = 3  # seconds


@pytest.fixture(scope="module")
def proxy(template: Database) -> Iterator[TcpProxy]:
    server = urlsplit(template.url)
    with TcpProxy((server.hostname or "127.0.0.1", server.port or 5432)) as proxy:
        yield proxy


def _through(proxy: TcpProxy, database: Database) -> str:
    server = urlsplit(database.url)
    user = f"{server.netloc.rpartition('@')[0]}@" if "@" in server.netloc else ""
    return urlunsplit(server._replace(netloc=f"{user}127.0.0.1:{proxy.address[1]}"))


@pytest.fixture(scope="module")
def away(running: StartService, proxy: TcpProxy) -> Iterator[Service]:
    """The system; its web server alone speaks to the database through the proxy."""
    with running("away", WEB_PROCESSES=2, CONSOLIDATION_WINDOW=60) as service:
        service.environment["DATABASE_URL"] = _through(proxy, service.database)
        service.restart_web()
        yield service


@pytest.fixture(autouse=True)
def _all_is_well(away: Service, proxy: TcpProxy) -> Iterator[None]:
    yield
    proxy.resume()
    wait_for_drained(away)


@contextmanager
def _administering(database: Database) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection around the proxy."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield connection


def test_it_loses_nothing_when_the_server_is_restarted(away: Service, proxy: TcpProxy) -> None:
    with posting(away) as clients:
        proxy.refuse()
        time.sleep(OUTAGE)
        assert spool(away)["waiting"] > 0
        proxy.resume()
        time.sleep(1)
    wait_for_drained(away)

    assert [client.refused for client in clients] == [[]] * 8, away.logs()[-3000:]
    assert all(client.spooled for client in clients)
    assert_stored_once(away.database, clients)


def test_it_loses_nothing_when_connections_are_cut(away: Service, proxy: TcpProxy) -> None:
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with posting(away) as clients, _administering(away.database) as connection:
        for turn in range(10):
            time.sleep(0.3)
            if turn % 2:
                proxy.cut()
            else:
                connection.execute(end_all, [urlsplit(away.database.url).path[1:]])
    wait_for_drained(away)

    assert [client.refused for client in clients] == [[]] * 8, away.logs()[-3000:]
    assert_stored_once(away.database, clients)


def test_it_loses_nothing_when_the_server_stops_answering(away: Service, proxy: TcpProxy) -> None:
    with posting(away) as clients:
        proxy.freeze()
        wait_until(lambda: all(client.spooled for client in clients), 20, away.logs)
        proxy.resume()
        time.sleep(1)
    wait_for_drained(away)

    assert [client.refused for client in clients] == [[]] * 8, away.logs()[-3000:]
    assert_stored_once(away.database, clients)


@pytest.mark.parametrize("table", ["batches_message", "batches_batch", "batches_channel"])
def test_it_does_not_wait_for_a_locked_table(away: Service, table: str) -> None:
    with posting(away) as clients, _administering(away.database) as connection:
        with connection.transaction():
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            wait_until(lambda: all(client.spooled for client in clients), 20, away.logs)
        time.sleep(0.5)
    wait_for_drained(away)

    assert [client.refused for client in clients] == [[]] * 8, away.logs()[-3000:]
    assert_stored_once(away.database, clients)


def test_it_waits_with_a_full_disk(away: Service) -> None:
    full = """
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON batches_message EXECUTE FUNCTION full_disk()"""
    phone = Client(away)
    with _administering(away.database) as connection:
        connection.execute(full)
        answers = [phone.post().json() for _ in range(3)]
        time.sleep(1.5)  # the drainer has asked, too
        assert spool(away)["waiting"] == 3
        connection.execute("DROP FUNCTION full_disk CASCADE")
    wait_for_drained(away)

    assert [(answer["processed"], answer["spooled"]) for answer in answers] == [(0, 1)] * 3
    assert_stored_once(away.database, [phone])


def test_it_stores_once_what_was_committed_without_an_answer(away: Service, proxy: TcpProxy) -> None:
    phone = client(away)
    proxy.leave_unanswered(phone.next_guid.encode())
    answer = phone.post().json()
    newest = "SELECT count(*) FROM batches_message WHERE provider_message_id = %s"
    [[before]] = away.database.rows(newest, phone.acknowledged[-1])
    proxy.cut()
    proxy.resume()
    wait_for_drained(away)

    assert answer["spooled"] == 1
    assert before == 1  # it had been committed
    assert_stored_once(away.database, [phone])


def test_one_senders_spooled_burst_is_one_batch(away: Service, proxy: TcpProxy) -> None:
    phone = Client(away)
    proxy.refuse()
    for _ in range(5):
        phone.post()
    proxy.resume()
    wait_for_drained(away)

    [batch] = away.batches(phone.number)
    assert batch.texts == phone.acknowledged
    [[early]] = away.database.rows(
        "SELECT count(*) FROM batches_message m JOIN batches_batch b ON b.id = m.batch_id"
        " WHERE m.batch_id = %s AND m.received_at < b.opened_at",
        batch.id,
    )
    assert early == 5  # they keep the time at which they came


def test_it_says_not_ready_and_how_many_wait(away: Service, proxy: TcpProxy) -> None:
    proxy.refuse()
    Client(away).post()
    answer = away.http.get(f"http://127.0.0.1:{away.port}/readyz", timeout=10)
    checks = answer.json()["checks"]

    assert answer.status_code == 503
    assert checks["database"]["ok"] is False
    assert (checks["spool"]["ok"], checks["spool"]["waiting"], checks["spool"]["failed"]) == (True, 1, 0)
    assert checks["spool"]["oldest_age_seconds"] >= 0


def test_it_still_answers_what_it_refuses(away: Service, proxy: TcpProxy) -> None:
    proxy.refuse()
    broken = away.http.post(away.url, data=b"{", headers={"Content-Type": "application/json"}, timeout=10)
    half = away.http.post(
        away.url, json=[{"guid": f"half-{time.time()}", "number": "2255", "message": ""}, {}], timeout=10
    )

    assert broken.status_code == 400
    assert (half.status_code, half.json()["spooled"], half.json()["rejected"]) == (200, 1, 1)


def test_it_spools_from_a_start_without_a_database(away: Service, proxy: TcpProxy) -> None:
    proxy.refuse()
    away.restart_web(signal.SIGTERM)
    phone = Client(away)
    answer = phone.post().json()
    away.restart_web()  # and again, so that nobody remembers
    proxy.resume()
    wait_for_drained(away)

    assert answer["spooled"] == 1
    assert_stored_once(away.database, [phone])


def test_it_stores_once_what_a_killed_server_was_draining(away: Service, proxy: TcpProxy) -> None:
    clients = [Client(away) for _ in range(4)]
    proxy.refuse()
    for _ in range(150):
        for phone in clients:
            phone.post()
    for turn in range(6):
        proxy.resume()
        time.sleep(0.05 + 0.05 * turn)
        proxy.refuse()
        away.restart_web()
    proxy.resume()
    wait_for_drained(away)

    assert_stored_once(away.database, clients)


@pytest.fixture
def worker(away: Service) -> Iterator[Service]:
    """The system with a worker that speaks to the database through the proxy, too. Afterwards it has none: after an
    outage a node takes no task for ten seconds, and for as long it would not stop."""
    away.kill("worker")
    away.start("worker")
    yield away
    away.kill("worker")


def test_it_writes_down_what_a_provider_answers_meanwhile(
    worker: Service, proxy: TcpProxy, gateway: Gateway
) -> None:
    """The database goes while a reply is on its way, and comes back as a standby that can only be read at first."""
    phone = client(worker)
    gateway.release.clear()
    gateway.behaviours[phone.number] = "hold"
    _end_window(worker.database, phone.number)
    wait_until(lambda: gateway.sent_to(phone.number), 20, worker.logs)
    proxy.refuse()
    gateway.release.set()
    _wait_for_tries(worker, 1)
    assert isinstance(worker.database, Postgres)
    worker.database.read_only(True)
    try:
        proxy.resume()
        _wait_for_tries(worker, 2)  # the first may have come before the proxy was there
    finally:
        worker.database.read_only(False)
    [batch] = worker.wait_for_settled(phone.number)

    assert (batch.status, batch.outcome, batch.attempts) == ("completed", "replied", 1)
    assert [(reply["status"], reply["attempt_count"]) for reply in batch.replies] == [("sent", 1)]
    assert len(gateway.sent_to(phone.number)) == 1


def _end_window(database: Database, number: str) -> None:
    """As if the time of the sender's open batch had come."""
    end = "UPDATE batches_batch SET closes_at = now() WHERE sender = %s AND status = 'open' RETURNING id"
    assert database.rows(end, number)


def _wait_for_tries(service: Service, more: int) -> None:
    """Until a worker has so many more times tried in vain to write down what came of a send."""
    line = "The outcome of a send cannot be written yet"
    before = service.logs().count(line)
    wait_until(lambda: service.logs().count(line) >= before + more, 20, service.logs)


def test_it_follows_the_address_to_another_server(
    running: StartService, template: Postgres, proxy: TcpProxy
) -> None:
    """Played with two databases that change their names, first to a standby that can only be read."""
    with running("failover") as service:
        for name in ("worker", "sweeper"):
            service.kill(name)
        service.environment["DATABASE_URL"] = _through(proxy, service.database)
        service.restart_web()
        before, during, after = Client(service), Client(service), Client(service)
        before.post()
        proxy.refuse()
        during.post()
        name = service.database.name
        first, second = service.database.rename(f"{name}_first"), template.copy("second").rename(name)
        try:
            second.read_only(True)
            proxy.resume()
            during.post()
            time.sleep(1.5)  # the drainer has met it
            assert spool(service)["waiting"] == 2
            second.read_only(False)
            wait_for_drained(service)
            after.post()
            wait_for_drained(service)  # the detour may not have ended when it came
            assert_stored_once(second, [during, after])
            assert_stored_once(first, [before])
        finally:
            first.drop()
