"""One node: the product under its own supervisor, and the processes of it that can be killed."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]
import requests

from bench import processes
from chaos.clock import Clock

MARK = "CHAOS_NODE"
PATIENCE = 60  # seconds for a node to start, or to end after SIGTERM
# What django-q2 says of itself: the last words before the process id tell what it is.
ROLES = {"ready for work": "worker", "monitoring": "monitor", "pushing tasks": "pusher"}
SAID = re.compile(rf"({'|'.join(ROLES)}) at (\d+)")
PROGRAMS = {
    "smsconsolidator.supervise": "supervise",
    "smsconsolidator.supervisord": "supervisord",
    "smsconsolidator.web": "web",
    "qnode": "qnode",
}
QUEUES = {"sms": "", "sweep": "sweep "}
# Every kind of process of a node, as the killer and the soak name them.
KINDS = (
    "supervise",
    "supervisord",
    "web main",
    "web worker",
    *(f"{queue}{role}" for queue in QUEUES.values() for role in ("main", "sentinel", *ROLES.values())),
)


@dataclass(frozen=True)
class Place(processes.Site):
    """Where a run takes place, with settings of its own for every process."""

    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """See Site."""
        return {**super().environment(), **self.settings}


class Node:
    """The product's supervisor, started again when it ends: what the machine's init system does."""

    def __init__(self, place: Place, name: str, clock: Clock | None = None) -> None:
        self.name, self.port = name, processes.free_port()
        self.log = place.directory / f"{name}.log"
        self._mark = f"{place.directory.name}-{name}"
        self._place, self.clock = place, clock
        self._roles: dict[int, str] = {}
        self._read = 0
        self._starting = threading.Lock()  # one that is being started is stopped, too
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep_up, name=name, daemon=True)

    def start(self) -> None:
        """Start it, and see to it that it stays up until `stop`."""
        self._keeper.start()

    def wait_until_ready(self) -> None:
        """Return when it is ready and all its kinds of process are up. Raises ServerError after PATIENCE."""
        deadline = time.monotonic() + PATIENCE
        while not (self.is_ready() and len(self.processes()) == len(KINDS)):
            if time.monotonic() > deadline:
                missing = set(KINDS) - self.processes().keys()
                raise processes.ServerError(
                    f"{self.name} is not ready, without {missing}:\n{self._tail()[-3000:]}"
                )
            time.sleep(0.2)

    def is_ready(self) -> bool:
        """Whether the node says so itself."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Its live processes by kind; those of which nobody knows the kind are left out."""
        self._listen()
        found: dict[str, list[psutil.Process]] = {}
        everybody = {process.pid: process for process in self.everybody()}
        commands = {pid: _command(process) for pid, process in everybody.items()}
        for process in everybody.values():
            if kind := self._kind(process, commands):
                found.setdefault(kind, []).append(process)
        return found

    def everybody(self) -> list[psutil.Process]:
        """Every live process that was given the node's environment, wherever it hangs."""
        return [process for process in psutil.process_iter() if _has_mark(process, self._mark)]

    def stop(self) -> list[str]:
        """End it as a supervisor is ended; tells what had to be killed."""
        with self._starting:
            self._stopping.set()
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
        self._keeper.join()
        left = self._leftovers()
        words = [f"{self.name}: {process.pid} {_command(process)}" for process in left]
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
        return words

    def _keep_up(self) -> None:
        while process := self._started():
            process.wait()
            self._stopping.wait(0.5)

    def _started(self) -> subprocess.Popen[bytes] | None:
        """The supervisor, started; None once the node is to stop."""
        with self._starting, self.log.open("ab") as output:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(
                self._start_command(),
                cwd=processes.ROOT,
                env=self._place.environment() | self._own_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            return self._process

    def _own_environment(self) -> dict[str, str]:
        own = {MARK: self._mark, "PORT": str(self.port), **(self.clock.environment() if self.clock else {})}
        return own | {"SPOOL_PATH": str(self._place.directory / f"{self.name}.spool.sqlite3")}

    def _start_command(self) -> list[str]:
        own = self._place.directory / self.name
        files = ["-l", f"{own}.supervisord.log", "-j", f"{own}.supervisord.pid"]
        return [sys.executable, "-m", "smsconsolidator.supervise", *files]

    def _leftovers(self) -> list[psutil.Process]:
        """What is still there when everybody has had time to go, also what a killed supervisor left stopping."""
        deadline = time.monotonic() + PATIENCE
        while (left := self.everybody()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def _listen(self) -> None:
        """Learn from the log what each process of a cluster is."""
        if not self.log.exists():
            return
        with self.log.open("rb") as log:
            log.seek(self._read)
            news = log.read()
        complete, _, _ = news.rpartition(b"\n")
        self._read += len(complete)
        for words, pid in SAID.findall(complete.decode(errors="replace")):
            self._roles[int(pid)] = ROLES[words]

    def _kind(self, process: psutil.Process, commands: Mapping[int, str]) -> str:
        """What it is, by its command, that of its parent and of its parent's parent; empty when it has just ended."""
        try:
            parent = process.ppid()
            line = [
                commands[process.pid],
                commands.get(parent, ""),
                commands.get(psutil.Process(parent).ppid(), ""),
            ]
            queue = QUEUES[process.environ().get("Q_CLUSTER_NAME", "sms")]
        except psutil.Error:
            return ""
        depth = sum(_program(command) == _program(line[0]) for command in line)
        match _program(line[0]), depth:
            case "web", _:
                return "web main" if depth == 1 else "web worker"
            case "qnode", 1 | 2:
                return queue + ("main" if depth == 1 else "sentinel")
            case "qnode", _:
                role = self._roles.get(process.pid)
                return f"{queue}{role}" if role else ""
            case program, _:
                return program

    def _tail(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def _program(command: str) -> str:
    return next((name for part, name in PROGRAMS.items() if part in command), "")


def _has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.environ().get(MARK) == mark)
    except psutil.Error:  # it has ended, or is somebody else's
        return False
