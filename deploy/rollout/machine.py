"""What a roll-out does to the machine: its units, its nginx, and the releases' own commands."""

import json
import os
import pwd
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from dotenv import dotenv_values

from deploy.layout import COLOURS, PROGRAMS, Layout
from deploy.rollout.upstream import Previous, Upstream
from deploy.signs import Signs

# The probes need no certificate and no public name; ALLOWED_HOSTS has localhost.
HOST = {"Host": "localhost"}
PROBE_SECONDS = 5
# For what a watch asks a program: a database may be frozen, and an answer must come in any case.
STATE_SECONDS = 30
LAST_WORDS = 1500  # characters of what a command printed; a traceback's end says what it is
# A migration that waits for a lock makes everybody wait behind it: it gives up soon, and is tried again.
LOCK_TIMEOUT = {"PGOPTIONS": "-c lock_timeout=3s"}
LOCKED = "LockNotAvailable"  # psycopg's name for it; the server's own words may be in any language


class MachineError(Exception):
    """A step did not work; the message says which, and the end of what was printed; `printed` is all of it."""

    def __init__(self, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.printed = printed


@dataclass(frozen=True)
class Machine:
    """One server. `user` is whom the service runs as: its commands are given as that user, not as root."""

    layout: Layout
    nginx: Sequence[str] = ("nginx",)
    user: str = "smsconsolidator"

    # --- the releases -----------------------------------------------------------------------------------------
    def port(self, colour: str) -> int:
        """Raises MachineError where the colour's settings do not name one of its own.

        Two web servers share a port without a word: each of them would answer half of what is meant for one.
        """
        file = self.layout.settings / f"{colour}.env"
        found = {name: dotenv_values(file.with_stem(name)).get("PORT") or "" for name in COLOURS}
        if not found[colour].isdecimal() or len(set(found.values())) == 1:
            raise MachineError(f"{file} must say PORT=…, one of its own for each colour")
        return int(found[colour])

    def version(self, colour: str) -> str:
        """Of the release that the colour's link points to."""
        code = "import smsconsolidator; print(smsconsolidator.__version__)"
        return self._in_release(colour, ["-c", code], timeout=STATE_SECONDS).strip()

    def release(self, colour: str) -> Path:
        """The directory that the colour's link leads to."""
        return (self.layout.releases / colour).resolve()

    def manage(self, colour: str, *arguments: str, extra: Mapping[str, str] | None = None) -> None:
        """One of the release's commands. Raises MachineError with what it printed."""
        self._in_release(colour, ["manage.py", *arguments], extra or {})

    def migrate(self, colour: str, tries: int = 10) -> None:
        """Bring the schema to that release; a lock that is not to be had is asked for again."""
        extra = LOCK_TIMEOUT | self._around_the_pooler()
        while True:
            try:
                self.manage(colour, "migrate", "--no-input", "-v0", extra=extra)
            except MachineError as problem:
                tries -= 1
                if LOCKED not in problem.printed or not tries:
                    raise
                time.sleep(2)
            else:
                return

    def _around_the_pooler(self) -> dict[str, str]:
        """pgbouncer refuses the time limit, which is a setting of the session: what migrates asks the server itself."""
        given = dotenv_values(self.layout.settings / "env")
        return (
            {"DATABASE_POOLER_URL": given.get("DATABASE_URL") or ""}
            if given.get("DATABASE_POOLER_URL")
            else {}
        )

    def signs(self, colour: str, since: datetime) -> Signs:
        """What the rows say, asked by that release. Raises MachineError, also where no answer comes."""
        asked = ["-m", "deploy.signs", "--since", since.isoformat()]
        printed = self._in_release(colour, asked, timeout=STATE_SECONDS)
        return Signs(**json.loads(printed.splitlines()[-1]))

    def _in_release(
        self,
        colour: str,
        arguments: Sequence[str],
        extra: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> str:
        place = self.layout.releases / colour
        python = place / ".venv/bin/python"
        if not python.exists():
            raise MachineError(
                f"{python} is missing: unpack the release and link it as {colour} (docs/upgrade.md)"
            )
        given = {"PATH": os.environ.get("PATH", os.defpath), "ENV_FILE": str(self.layout.settings / "env")}
        command, env = [str(python), *arguments], given | dict(extra or {})
        try:
            return self._run(command, cwd=place, env=env, timeout=timeout, **self._as_user())
        except PermissionError as problem:  # unpacked with a umask that keeps it from everybody but root
            release = self.release(colour)
            raise MachineError(
                f"Who runs {release} may not read {problem.filename or 'it'}: chmod -R go+rX {release}"
            ) from None

    def _as_user(self) -> dict[str, Any]:
        """Root's own files beside a SQLite database would shut the service out."""
        if os.getuid() != 0 or not self.user:
            return {}
        try:
            group = pwd.getpwnam(self.user).pw_gid
        except KeyError:
            raise MachineError(f"There is no user {self.user} (docs/deploy.md makes it)") from None
        return {"user": self.user, "group": group, "extra_groups": []}

    # --- the processes ----------------------------------------------------------------------------------------
    def start(self, colour: str, *programs: str) -> None:
        """Start units that are not running; the others go on."""
        self._run(["systemctl", "start", *(_unit(program, colour) for program in programs)])

    def stop(self, colour: str, *programs: str) -> None:
        """Stop units: each finishes what it is at, within its TimeoutStopSec."""
        self._run(["systemctl", "stop", *(_unit(program, colour) for program in programs)])

    def send_for_sweep(self, colour: str) -> None:
        """Have that release's sweeper lead at once. For releases before 0.2, which leave without a word."""
        code = "from batches.queue import enqueue_sweep; enqueue_sweep()"
        self._in_release(colour, ["manage.py", "shell", "-c", code], timeout=STATE_SECONDS)

    def restarts(self, colour: str, *programs: str) -> int:
        """How often units had to be started again because they ended by themselves."""
        printed = self._run(
            [
                "systemctl",
                "show",
                "--property=NRestarts",
                "--value",
                *(_unit(one, colour) for one in programs),
            ],
            timeout=STATE_SECONDS,
        )
        return sum(int(line) for line in printed.split())

    def is_active(self, colour: str, program: str) -> bool:
        with suppress(MachineError):
            state = self._run(["systemctl", "is-active", _unit(program, colour)], timeout=STATE_SECONDS)
            return state.strip() == "active"
        return False

    def keep(self, colour: str) -> None:
        """After the machine is switched on it is this release that starts, and it is the current one for commands."""
        for other in COLOURS:
            verb = "enable" if other == colour else "disable"
            self._run(["systemctl", "--quiet", verb, f"smsconsolidator@{other}.target"])
        draft = self.layout.releases / ".current.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(self.release(colour))
        draft.replace(self.layout.releases / "current")

    # --- who answers ------------------------------------------------------------------------------------------
    def upstream(self) -> Upstream:
        """Raises UnreadableUpstream."""
        return Upstream.read(self.layout.upstream)

    def write_upstream(
        self, settled: str, weights: Mapping[str, int], previous: Previous | None = None
    ) -> None:
        """Who is to answer from nginx's next start or reload on. Lines of other machines stay as they are."""
        file = self.layout.upstream
        ports = {colour: self.port(colour) for colour in weights}
        Upstream(settled, weights, ports, previous, Upstream.kept(file)).write(file)

    def direct(self, settled: str, weights: Mapping[str, int], previous: Previous | None = None) -> None:
        """Have nginx send the requests there. What it does not accept is taken back. Raises MachineError."""
        before = self.layout.upstream.read_bytes()
        self.write_upstream(settled, weights, previous)
        try:
            self._run([*self.nginx, "-t", "-q"])
        except (MachineError, OSError):
            self.layout.upstream.write_bytes(before)
            raise
        self._reload()

    def _reload(self) -> None:
        try:
            self._run([*self.nginx, "-s", "reload"])
        except MachineError as problem:
            remedy = "Does nginx run? Start it, then: python -m deploy.rollout rollback"
            raise MachineError(f"{problem}\n{remedy}") from None

    def probe(self, colour: str, path: str) -> requests.Response | None:
        """The release's own answer, not through nginx; None when there is none."""
        url = f"http://127.0.0.1:{self.port(colour)}{path}"
        with requests.Session() as session:
            session.trust_env = False  # a proxy of root's environment does not lead to this machine's ports
            try:
                return session.get(url, headers=HOST, timeout=PROBE_SECONDS)
            except requests.RequestException:
                return None

    def is_up(self, colour: str) -> bool:
        """Whether that very release answers on its port, and not some other program."""
        answer = self.probe(colour, "/healthz")
        if answer is None or answer.status_code != 200:
            return False
        try:
            return bool(answer.json()["version"] == self.version(colour))
        except (ValueError, KeyError, TypeError):
            return False

    def is_ready(self, colour: str) -> bool:
        """Whether it can take messages, and somebody closes batches."""
        answer = self.probe(colour, "/readyz")
        return answer is not None and answer.status_code == 200

    @staticmethod
    def _run(command: Sequence[str], **options: Any) -> str:
        try:
            done: subprocess.CompletedProcess[str] = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
            )
        except subprocess.TimeoutExpired as late:
            raise MachineError(f"{' '.join(command)}\ngave no answer in {late.timeout:.0f} s") from None
        if done.returncode:
            raise MachineError(f"{' '.join(command)}\n{done.stdout.strip()[-LAST_WORDS:]}", done.stdout)
        return done.stdout


def _unit(program: str, colour: str) -> str:
    assert program in PROGRAMS  # noqa: S101  # nosec B101 - a slip of the pen would stop another unit
    return f"smsconsolidator-{program}@{colour}.service"
