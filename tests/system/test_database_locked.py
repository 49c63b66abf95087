"""SQLite's file is locked by another process for longer than anybody waits: deliveries are spooled, and drained after.

Collected on SQLite only."""

import sqlite3
import time
from contextlib import closing

from tests.system.conftest import StartService
from tests.system.database import Sqlite
from tests.system.posting import assert_stored_once, posting, spool, wait_for_drained
from tests.system.service import Service, wait_until


def _lock(service: Service) -> sqlite3.Connection:
    assert isinstance(service.database, Sqlite)
    other = sqlite3.connect(service.database.path, timeout=20, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    return other


def test_it_loses_nothing_while_the_file_is_locked(running: StartService) -> None:
    with running("locked", CONSOLIDATION_WINDOW=60) as service:
        with posting(service) as clients:
            with closing(_lock(service)):
                wait_until(lambda: all(client.spooled for client in clients), 20, service.logs)
                assert spool(service)["waiting"] > 0
            time.sleep(0.5)
        wait_for_drained(service)

        assert [client.refused for client in clients] == [[]] * 8
        assert_stored_once(service.database, clients)
