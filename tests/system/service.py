"""The service as it runs in production: web server, worker and sweeper as processes, over HTTP and its database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
import requests

from bench.processes import free_port
from tests.system.database import Database, query

ROOT = Path(__file__).resolve().parents[2]
MARK = "SYSTEM_TEST_SERVICE"
TOKEN = "token-of-the-system-tests-and-of-nobody-else"
# How much longer than usual a busy or slow machine may take: waiting is a bound, not a measurement.
SLOWEST = 3
# What keeps machines from answering each other: conversations of tests are short, many and alike.
LIMITS = (
    *(f"SENDER_REPLIES_PER_{period}" for period in ("MINUTE", "HOUR", "DAY")),
    "REPEATED_TEXTS",
    "BREAKER_REPLIES_PER_MINUTE",
)
NODE = [sys.executable, "manage.py", "qnode", "--skip-checks"]
# What each process is started with, as deploy/supervisord.conf does it.
COMMANDS: dict[str, tuple[list[str], dict[str, str]]] = {
    "web": ([sys.executable, "-m", "smsconsolidator.web"], {}),
    "worker": (NODE, {}),
    "sweeper": (NODE, {"Q_CLUSTER_NAME": "sweep"}),
    # A sweep outside a cluster, to know which process leads.
    "sweep": ([sys.executable, "manage.py", "shell", "-c", "from batches.sweep import sweep; sweep(60)"], {}),
    # All of them under the supervisor, as `make run` starts them.
    "supervise": ([sys.executable, "-m", "smsconsolidator.supervise"], {}),
}
SYSTEM = ("web", "worker", "sweeper")
SETTLED = ("completed", "failed")
T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """A batch with everything that hangs on it."""

    id: int
    status: str
    label: str
    outcome: str
    reason: str
    attempts: int
    texts: list[str]
    classifications: list[dict[str, Any]]
    replies: list[dict[str, Any]]

    @property
    def settled(self) -> bool:
        return self.status in SETTLED


class Service:
    """One running system. `with Service(…) as service:` starts it and leaves no process behind."""

    def __init__(
        self, directory: Path, database: Database, programs: Sequence[str] = SYSTEM, **environment: Any
    ) -> None:
        self.directory, self.database, self.programs = directory, database, programs
        self.mark = uuid4().hex
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = requests.Session()
        self.http.headers["X-Webhook-Token"] = TOKEN
        self.environment = self._environment(environment)

    def _environment(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """What every process is given: nothing of the developer's own settings comes in."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {
            "DJANGO_SETTINGS_MODULE": "smsconsolidator.settings",
            "DJANGO_SECRET_KEY": "for-system-tests-on-loopback-" * 2,
            "ENV_FILE": os.devnull,
            "PYTHONUTF8": "1",
            "DATABASE_URL": self.database.url,
            "PORT": self.port,
            "SPOOL_PATH": self.directory / "spool.sqlite3",
            "WEBHOOK_TOKEN": TOKEN,
            **dict.fromkeys(LIMITS, 0),
            MARK: self.mark,
        }
        return kept | {name: str(value) for name, value in (own | dict(settings)).items()}

    # --- processes -----------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        try:
            for name in self.programs:
                self.start(name)
            if self.programs:
                wait_until(self.ready, 60, self._unready, every=0.1)
        except BaseException:
            self._kill_leftovers()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str) -> None:
        """Start one process, in a process group of its own; what it prints is added to its file."""
        command, extra = COMMANDS[name]
        with (self.directory / f"{name}.log").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment | extra,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """kill -9 of a process and all that it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def restart_web(self, number: int = signal.SIGKILL) -> None:
        """End the web server with a signal to its main process, and start another that need not be ready."""
        children = self.workers("web")
        process = self.processes.pop("web")
        process.send_signal(number)
        process.wait(20)
        assert not psutil.wait_procs(children, 10)[1], "web processes outlived their server"
        self.start("web")
        wait_until(self._lives, 20, self.logs)

    def _lives(self) -> bool:
        try:
            return self.http.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        """SIGTERM to each, as a supervisor does; raises AssertionError when one goes on or leaves a child behind."""
        self.http.close()
        for process in self.processes.values():
            process.terminate()
        stayed = [name for name, process in self.processes.items() if not _ended(process)]
        stayed += self._kill_leftovers()
        assert not stayed, f"still running after SIGTERM: {stayed}"

    def workers(self, name: str) -> list[psutil.Process]:
        """Everything that runs below a process."""
        return list(psutil.Process(self.processes[name].pid).children(recursive=True))

    def leftovers(self) -> list[psutil.Process]:
        """Every live process that was given this service's environment, wherever it hangs."""
        return [process for process in psutil.process_iter() if _has_mark(process, self.mark)]

    def _kill_leftovers(self) -> list[str]:
        left = self.leftovers()
        words = [f"{process.pid} {' '.join(process.cmdline())}" for process in left if process.is_running()]
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
        for started in self.processes.values():
            started.wait(10)
        return words

    def ready(self) -> bool:
        """Whether /readyz says so. Raises AssertionError when a process that was started has ended."""
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} has ended:\n{self.logs()[-3000:]}"
        try:
            return self.http.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def _unready(self) -> str:
        return f"the service is not ready:\n{self.logs()[-3000:]}"

    # --- from outside --------------------------------------------------------------------------------------
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/webhook/sms-received"

    def post(self, number: str, text: str, guid: str = "") -> requests.Response:
        """One message as SMSMobileAPI posts it."""
        message = {
            "date": "2025-01-20",
            "hour": "10:15:00",
            "time_received": "2025-01-20 10:14:50",
            "message": text,
            "number": number,
            "guid": guid or uuid4().hex,
        }
        return self.http.post(self.url, json=message, timeout=20)

    def send(self, number: str, *texts: str) -> None:
        """Post texts one after the other, each accepted as new."""
        for text in texts:
            answer = self.post(number, text)
            assert (answer.status_code, answer.json()["processed"]) == (200, 1), answer.text

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command beside the running service."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    # --- what it did ---------------------------------------------------------------------------------------
    def batches(self, number: str) -> list[Batch]:
        """A sender's batches in order of time; `number` is E.164."""
        columns = ["id", "status", "label", "outcome", "reason", "attempts"]
        found = query(self.database, columns, "batches_batch WHERE sender = %s ORDER BY id", number)
        return [self._batch(row) for row in found]

    def _batch(self, row: dict[str, Any]) -> Batch:
        def of(columns: list[str], table: str, order: str = "id") -> list[dict[str, Any]]:
            return query(self.database, columns, f"{table} WHERE batch_id = %s ORDER BY {order}", row["id"])

        texts = of(["text"], "batches_message", "received_at, id")
        classifications = of(["engine", "label", "fallback_reason"], "classification_classification")
        replies = of(["status", "body", "reason", "error", "attempt_count"], "replies_reply")
        return Batch(
            **row, texts=[m["text"] for m in texts], classifications=classifications, replies=replies
        )

    def wait_for_settled(self, number: str, batches: int = 1, seconds: float = 30) -> list[Batch]:
        """The sender's batches, once there are `batches` of them and all are settled."""

        def settled() -> list[Batch]:
            """Looks at one column until it is time to look at everything: each look is a new connection."""
            found = query(self.database, ["status"], "batches_batch WHERE sender = %s", number)
            over = all(row["status"] in SETTLED for row in found)
            return self.batches(number) if len(found) >= batches and over else []

        return wait_until(
            settled, seconds, lambda: f"not settled: {self.batches(number)}\n{self.logs()[-3000:]}"
        )

    def wait_for_log(self, words: str, seconds: float = 10) -> None:
        """A line is written just after the row that it tells of."""
        wait_until(lambda: words in self.logs(), seconds, lambda: f"{words!r} is not in:\n{self.logs()}")

    def logs(self) -> str:
        """Everything that the processes have printed."""
        return "".join(path.read_text("utf-8") for path in sorted(self.directory.glob("*.log")))


def wait_until(done: Callable[[], T], seconds: float, problem: Callable[[], str], every: float = 0.05) -> T:
    """What `done` gives, once it gives something true; it is asked `every` so many seconds.

    Raises AssertionError when it takes SLOWEST times `seconds`.
    """
    deadline = time.monotonic() + SLOWEST * seconds
    while not (result := done()):
        assert time.monotonic() < deadline, problem()
        time.sleep(every)
    return result


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        return False
    return True


def _has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.environ().get(MARK) == mark)
    except psutil.Error:  # it has ended, or is somebody else's
        return False
