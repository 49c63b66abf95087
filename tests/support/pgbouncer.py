"""A real pgbouncer in transaction mode on the loopback interface, for tests to have few connections to the server."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

PROGRAM = "/usr/sbin/pgbouncer"
ADMIN = "pgbouncer"  # its own console, as a database
CONFIGURATION = """
[databases]
* = {target}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = {pool}
# What waits for a server that is away is told so soon, and a server that is back is found soon.
query_wait_timeout = 20
server_login_retry = 0.5
stats_period = 60
"""


class Pgbouncer:
    """`with Pgbouncer(url, pool=3) as pooler:` in front of the server of `url`, which any user may use through it."""

    def __init__(self, url: str, pool: int) -> None:
        self._server = urlsplit(url)
        self._pool = pool
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        # Not pytest's own directory: only root may enter that, and pgbouncer refuses to run as root.
        self._directory = Path(tempfile.mkdtemp(prefix="pgbouncer_"))
        self._log = self._directory / "log"

    def __enter__(self) -> Self:
        file = self._directory / "pgbouncer.ini"
        file.write_text(CONFIGURATION.format(target=self._target(), port=self.port, pool=self._pool))
        self._directory.chmod(0o755)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [PROGRAM, str(file)],
                stdout=output,
                stderr=subprocess.STDOUT,
                user="nobody" if os.getuid() == 0 else None,
            )
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        shutil.rmtree(self._directory)

    def url(self, database: str) -> str:
        """That of a database of the server, through the pooler."""
        return urlunsplit(self._server._replace(netloc=f"anybody@127.0.0.1:{self.port}", path=f"/{database}"))

    def console(self, statement: str) -> list[dict[str, Any]]:
        """What pgbouncer tells of itself: SHOW POOLS, SHOW CLIENTS, …"""
        with psycopg.connect(
            self.url(ADMIN), autocommit=True, row_factory=dict_row, prepare_threshold=None
        ) as connection:
            return (
                psycopg.ClientCursor(connection, row_factory=dict_row).execute(statement.encode()).fetchall()
            )

    def log(self) -> str:
        return self._log.read_text()

    def _target(self) -> str:
        """Where it goes, as one user, whoever asks."""
        return make_conninfo(
            host=self._server.hostname or "127.0.0.1",
            port=self._server.port or 5432,
            user=unquote(self._server.username or "") or None,
            password=unquote(self._server.password or "") or None,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                self.console("SHOW VERSION")
            except psycopg.OperationalError:
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)
            else:
                return
