"""Starts and stops the servers that the bench measures, each in a process group of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil  # type: ignore[import-untyped]

from bench.database import Database
from bench.traffic import PATH, TOKEN

ROOT = Path(__file__).resolve().parent.parent
HEALTH = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
START_SECONDS = 30  # for a web server to answer
PATIENCE = 10  # seconds for a server to end by itself
# What keeps machines from answering each other and a fault from costing a fortune.
LIMITS = (
    *(f"SENDER_REPLIES_PER_{period}" for period in ("MINUTE", "HOUR", "DAY")),
    "REPEATED_TEXTS",
    "BREAKER_REPLIES_PER_MINUTE",
)
NO_CEILINGS = "from classification.models import Ceiling; Ceiling.objects.update(most=None)"
MEBIBYTE = 1024 * 1024


class ServerError(Exception):
    """A process that a run needs is not installed or did not start; the message ends with what it printed."""


@dataclass(frozen=True)
class Site:
    """Where a run takes place: its directory for logs, its database, and the web server's size."""

    directory: Path
    database: Database
    web_processes: int
    web_threads: int
    window: int = 60

    def environment(self) -> dict[str, str]:
        """What every process is given. Nothing of the operator's own settings comes in."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "DATABASE_URL": self.database.url,
            "DJANGO_SECRET_KEY": "for the bench only, on the loopback interface only",
            "DJANGO_SETTINGS_MODULE": "smsconsolidator.settings",
            "ENV_FILE": os.devnull,
            "CLASSIFICATION_MODE": "rules",
            "SMS_AUTO_REPLY_ENABLED": "true",
            "SMS_SENDER": "console",
            "CONSOLIDATION_WINDOW": str(self.window),
            "WEBHOOK_TOKEN": TOKEN,
            "INGEST_CHANNEL_PER_MINUTE": "100000000",  # floods are what is measured, not what is flagged
            **dict.fromkeys(LIMITS, "0"),  # the same for what is sent
            "HOST": "127.0.0.1",
            "WEB_PROCESSES": str(self.web_processes),
            "WEB_THREADS": str(self.web_threads),
            "SPOOL_PATH": str(self.directory / "spool.sqlite3"),
            "LOG_LEVEL": "INFO",
        }


class Server:
    """A running command and the processes under it. `port` is 0 where it serves no HTTP."""

    def __init__(
        self, site: Site, name: str, command: Sequence[str], extra: Mapping[str, str], port: int = 0
    ) -> None:
        self.port = port
        self.log = site.directory / f"{name}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**site.environment(), **extra},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        """Return once the webhook's health answer comes. Raises ServerError after START_SECONDS."""
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{self.log.name}: no answer.\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def family(self) -> list[psutil.Process]:
        """The process and all that it started."""
        process = psutil.Process(self._process.pid)
        return [process, *process.children(recursive=True)]

    def ask_to_end(self) -> None:
        """Send SIGTERM and do not wait."""
        self._process.terminate()

    def stop(self) -> None:
        """Ask it to end, wait up to PATIENCE, then kill whatever is left of its group."""
        self.ask_to_end()
        try:
            with suppress(subprocess.TimeoutExpired):  # what is still there is killed
                self._process.wait(PATIENCE)
        finally:
            _kill_group(self._process.pid)
            self._process.wait()


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # everybody had left


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(HEALTH)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _granian(site: Site, application: str, port: int) -> list[str]:
    options = ["--interface", "wsgi", "--http", "1", "--no-ws", "--host", "127.0.0.1", "--port", str(port)]
    size = ["--workers", str(site.web_processes), "--blocking-threads", str(site.web_threads)]
    return [sys.executable, "-m", "granian", *options, *size, application]


@contextmanager
def _serving(server: Server) -> Iterator[Server]:
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


@contextmanager
def product(site: Site) -> Iterator[Server]:
    """The product's web server, as it ships."""
    port = free_port()
    command = [sys.executable, "-m", "smsconsolidator.web"]
    with _serving(Server(site, "product", command, {"PORT": str(port)}, port)) as server:
        yield server


@contextmanager
def plain_drf(site: Site) -> Iterator[Server]:
    """The baseline of DRF and ordinary ORM calls, under the same web server and size."""
    port = free_port()
    command = _granian(site, "bench.baselines.plain_drf:application", port)
    with _serving(Server(site, "plain_drf", command, {"DJANGO_SETTINGS_MODULE": ""}, port)) as server:
        yield server


@contextmanager
def fastapi_memory(site: Site) -> Iterator[Server]:
    """The in-memory baseline: uvicorn, one process, no access log."""
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", *options, "bench.baselines.fastapi_memory:app"]
    with _serving(Server(site, "fastapi_memory", command, {}, port)) as server:
        yield server


@contextmanager
def cluster(
    site: Site, nodes: int = 1, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[list[Server]]:
    """The product's two clusters: the one that works, on so many nodes, and the one that sweeps."""
    command = [sys.executable, "manage.py", "qnode", "--skip-checks"]
    with ExitStack() as stack:
        servers = []
        for name in (*["sms"] * nodes, "sweep"):
            server = Server(site, f"cluster_{name}", command, {"Q_CLUSTER_NAME": name, **settings})
            stack.callback(server.stop)
            servers.append(server)
        yield servers
        for server in servers:
            server.ask_to_end()


def run(site: Site, *command: str) -> str:
    """Run a Python command to its end and give its standard output. Raises ServerError when it fails."""
    outcome = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=site.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if outcome.returncode:
        raise ServerError(f"{' '.join(command)} failed:\n{outcome.stdout[-1000:]}{outcome.stderr[-3000:]}")
    return outcome.stdout


def own_memory(servers: Sequence[Server]) -> float:
    """What the processes hold for themselves alone (USS, MiB), together."""
    processes = [process for server in servers for process in server.family()]
    held: int = sum(process.memory_full_info().uss for process in processes)
    return held / MEBIBYTE
