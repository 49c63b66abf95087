"""What a roll-out needs of systemctl, where no systemd runs: the units' own ExecStart lines, kept up.

Read from a unit and its drop-ins are ExecStart, WorkingDirectory, Environment, EnvironmentFile, RestartSec,
TimeoutStopSec and MemoryDenyWriteExecute; KillMode is mixed, also for the workers. What only a real systemd can do
(users, file systems, system call filters) is left out.
"""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]
from dotenv import dotenv_values

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, REFUSE_EXEC_GAIN = 38, 65, 1  # prctl(2)
PATIENCE = 120  # seconds for a unit to be stopped


@dataclass
class Unit:
    """An instance of a template unit below `root`."""

    root: Path
    name: str  # smsconsolidator-web@blue.service
    options: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start, _, end = self.name.partition("@")
        instance, _, kind = end.partition(".")
        place = self.root / "etc/systemd/system"
        common = place / f"{start.rpartition('-')[0]}-@.{kind}.d"
        for file in (place / f"{start}@.{kind}", *sorted(common.glob("*.conf"))):
            for line in file.read_text("utf-8").splitlines():
                key, equals, value = line.partition("=")
                if equals and not key.startswith("#"):
                    self.options.setdefault(key, []).append(value.replace("%i", instance))

    def option(self, key: str, default: str = "") -> str:
        return self.options.get(key, [default])[-1]

    @property
    def environment(self) -> dict[str, str]:
        found = {"PATH": os.defpath, "LANG": "C.UTF-8"}
        for line in self.options.get("Environment", []):
            found |= dict(pair.split("=", 1) for pair in shlex.split(line))
        for file in self.options.get("EnvironmentFile", []):
            found |= {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}
        return found

    def state(self, kind: str) -> Path:
        """A file of ours about it: its keeper's process id, its log, how often it was started again."""
        return self.root / "run" / f"{self.name}.{kind}"

    @property
    def keeper(self) -> int | None:
        """The process that keeps it up."""
        try:
            pid = int(self.state("pid").read_text())
            return pid if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else None
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None

    @property
    def restarts(self) -> int:
        """How often it ended by itself and was started again."""
        file = self.state("restarts")
        return int(file.read_text()) if file.exists() else 0

    # --- what an operator asks for ----------------------------------------------------------------------------
    def start(self) -> None:
        """What is being stopped, perhaps by a command that was itself stopped, starts again when it has ended."""
        if self.state("stopping").exists():
            self.ask_to_stop()
            self.wait_until_stopped()
            self.state("stopping").unlink()
        if self.keeper is None:
            self.state("restarts").write_text("0")
            keeper = subprocess.Popen(
                [sys.executable, __file__, str(self.root), "keep", self.name],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.state("pid").write_text(str(keeper.pid))

    def ask_to_stop(self) -> None:
        if keeper := self.keeper:
            self.state("stopping").touch()
            os.kill(keeper, signal.SIGTERM)

    def wait_until_stopped(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.keeper:
            if time.monotonic() > end:
                sys.exit(f"{self.name} does not stop")
            time.sleep(0.05)

    # --- what its keeper does ---------------------------------------------------------------------------------
    def keep(self) -> None:
        """Run it, and again when it ends by itself, until SIGTERM."""
        stopping = False

        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        if self.option("MemoryDenyWriteExecute") == "yes":
            ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)  # Linux 6.3; refused before
        while not stopping:
            process = self._run()
            while not stopping and process.poll() is None:
                time.sleep(0.05)
            if not stopping:
                self.state("restarts").write_text(str(self.restarts + 1))
                time.sleep(float(self.option("RestartSec", "1")))
        self._end(process)

    def _run(self) -> subprocess.Popen[bytes]:
        with self.state("log").open("ab") as log:
            return subprocess.Popen(
                shlex.split(self.option("ExecStart")),
                cwd=self.option("WorkingDirectory"),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """SIGTERM to the main process; what is left of the unit when that has ended, or is out of time, is killed."""
        try:
            family = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        process.terminate()
        try:
            process.wait(float(self.option("TimeoutStopSec", "90")))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in family:
            if child.is_running():
                child.kill()


def stop(units: Sequence[Unit]) -> None:
    """All at once, as systemd does it."""
    for unit in units:
        unit.ask_to_stop()
    for unit in units:
        unit.wait_until_stopped()


def main(root: Path, verb: str, names: Sequence[str]) -> int:
    if verb in ("enable", "disable"):
        return 0  # nothing is switched on again here
    units = [Unit(root, name) for name in names]
    if verb == "stop":
        stop(units)
        return 0
    for unit in units:
        VERBS[verb](unit)
    return 3 if verb == "is-active" and not units[0].keeper else 0


VERBS: dict[str, Callable[[Unit], None]] = {
    "start": Unit.start,
    "keep": Unit.keep,
    "is-active": lambda unit: print("active" if unit.keeper else "inactive"),
    "show": lambda unit: print(unit.restarts),  # --property=NRestarts --value
}

if __name__ == "__main__":
    verb, *names = [word for word in sys.argv[2:] if not word.startswith("-")]
    sys.exit(main(Path(sys.argv[1]), verb, names))
