"""A PostgreSQL and a Redis of the run's own, to be stopped and killed; never the machine's."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import psycopg
import redis

from bench.processes import ServerError, free_port

PATIENCE = 30  # seconds for a server to start or to end
CONNECTIONS = 200  # that PostgreSQL takes


class Server(ABC):
    """A process that can be stopped by a signal and started again on the same port and data."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What starts it."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be used."""

    def start(self) -> None:
        """Start it and return when it answers; a port or a memory segment may still be held by the one before."""
        deadline = time.monotonic() + PATIENCE
        while not self._started():
            if time.monotonic() > deadline:
                self.stop(signal.SIGKILL)
                raise ServerError(f"{self.command()[-1]} does not start:\n{self.log.read_text()[-2000:]}")

    def _started(self) -> bool:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command(), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        while self._process.poll() is None:
            if self.answers():
                return True
            time.sleep(0.05)
        time.sleep(0.2)
        return False

    def stop(self, how: signal.Signals) -> None:
        """Send `how` to the main process alone, and wait for its end."""
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop(signal.SIGINT)


class PostgresServer(Server):
    """A new cluster in `directory`. SIGINT is a fast shutdown, SIGQUIT an immediate one, SIGKILL a crash."""

    def __init__(self, directory: Path, log: Path) -> None:
        super().__init__(log)
        self._binaries = _postgres_binaries()
        self._home = directory / "postgres"
        self._home.mkdir()
        self._data = ["-D", str(self._home / "data")]
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            _give_to_postgres(directory, self._home)
        self._initialise()

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def command(self) -> Sequence[str]:
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"max_connections={CONNECTIONS}"]
        place = [*self._data, "-p", str(self.port), "-k", str(self._home)]
        return [*_as_postgres(), str(self._binaries / "postgres"), *options, *place]

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.Error:
            return False

    def _initialise(self) -> None:
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8")

    def _run(self, tool: str, *options: str) -> None:
        """Run one of PostgreSQL's tools on this server's data. Raises ServerError."""
        command = [*_as_postgres(), str(self._binaries / tool), *self._data, *options]
        outcome = subprocess.run(command, capture_output=True, text=True, cwd=self._home, check=False)
        if outcome.returncode:
            raise ServerError(f"{tool} failed:\n{outcome.stdout[-1000:]}{outcome.stderr[-1000:]}")


class RedisServer(Server):
    """A Redis that keeps nothing on disk: when it is restarted, its tasks are gone."""

    def __init__(self, directory: Path, log: Path) -> None:
        super().__init__(log)
        self._directory = directory
        self._binary = shutil.which("redis-server")
        if self._binary is None:
            raise ServerError(
                "redis-server is not installed (on Debian and Ubuntu: apt install redis-server)"
            )

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self._directory)]
        return [str(self._binary), "--port", str(self.port), *options]

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def restart(server: Server, how: signal.Signals, away: float) -> None:
    """Stop the server by `how`, leave it away for `away` seconds, and start it again. Raises ServerError."""
    server.stop(how)
    time.sleep(away)
    server.start()


def _postgres_binaries() -> Path:
    """Where initdb and postgres are. Raises ServerError when there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise ServerError(
            "PostgreSQL's initdb is not installed (on Debian and Ubuntu: apt install postgresql),"
            " and this run needs a server of its own"
        )
    return found[-1].parent if found else Path(str(on_path)).parent


def _as_postgres() -> list[str]:
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _give_to_postgres(directory: Path, home: Path) -> None:
    directory.chmod(0o755)
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise ServerError(
            "There is no user postgres to run PostgreSQL as; run as another than root"
        ) from None
    os.chown(home, user.pw_uid, user.pw_gid)
