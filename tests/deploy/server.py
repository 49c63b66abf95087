"""A server in a directory: the units as they ship, kept up without systemd, nginx where there is one, and releases.

The roll-out is the real command with real processes. The releases are small: they answer and say their version, for
the service's own take half a minute to start on a busy machine, and what is tried here is who is started and stopped.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import requests

from bench.processes import free_port
from deploy.check import SITE, nginx_command
from deploy.layout import COLOURS, PROGRAMS, Layout
from deploy.rehearsal.ground import install_nginx, install_nginx_behind, install_systemctl
from deploy.rehearsal.systemctl import Unit, stop
from deploy.rollout.upstream import Upstream
from deploy.signs import Signs
from smsconsolidator.env import BASE_DIR

FINE = json.dumps(asdict(Signs(9, 0.1, 0.0, 0.2, 9, 0, 9, 0)))
LATE = json.dumps(asdict(Signs(9, 99.0, 0.0, 0.2, 9, 0, 9, 0)))
HAS_NGINX = shutil.which("nginx") is not None
WEB = """
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from smsconsolidator import __version__

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        if fault := {FAULTS}.get(self.path):
            return fault(self)
        body = json.dumps({"version": __version__, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""
# What a bad release does when it is asked for a path.
REFUSES = {
    "/api/webhook/": "lambda self: self.send_error(500)",
    "/api/webhook/hangs": "lambda self: time.sleep(60)",
}
# `manage.fails` holds the name of the command that fails, as it does while the database is away.
MANAGE = """
import sys, time
from pathlib import Path

fails = Path("manage.fails")
if fails.exists() and sys.argv[1] == fails.read_text():
    sys.exit("django.db.utils.OperationalError: connection refused")
if sys.argv[1] == "qnode":
    time.sleep(3600)
"""
# One line of the file `signs` for each look; the last one for all that follow.
SIGNS = """
from pathlib import Path

first, *others = Path("signs").read_text().split("\\n")
print(first)
if others:
    Path("signs").write_text("\\n".join(others))
"""


class From(requests.adapters.HTTPAdapter):
    """Requests of a client at that address."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, source_address=(self.address, 0))


@dataclass
class Server:
    """`blue` and `green` are links to releases that are named by their versions."""

    root: Path
    behind: bool = False  # a further machine, to which another one's nginx sends

    def __post_init__(self) -> None:
        self.layout = Layout(self.root)
        self.port = free_port()  # nginx's
        install_systemctl(self.layout)
        if HAS_NGINX:
            (install_nginx_behind if self.behind else install_nginx)(self.layout, self.port)
        self.layout.settings.mkdir(parents=True)
        (self.layout.settings / "env").touch()
        self.ports = {colour: free_port() for colour in COLOURS}
        for colour, port in self.ports.items():
            (self.layout.settings / f"{colour}.env").write_text(f"PORT={port}\n")

    @classmethod
    @contextmanager
    def made(cls, root: Path, *, behind: bool = False) -> Iterator[Self]:
        """Blue is release 0.1 and green release 0.2; neither runs. Nothing is left running."""
        found = cls(root.resolve(), behind)
        found.unpack("blue", "0.1")
        found.unpack("green", "0.2")
        try:
            yield found
        finally:
            found.close()

    # --- what an operator does --------------------------------------------------------------------------------
    def unpack(
        self,
        colour: str,
        version: str,
        signs: Sequence[str] = (FINE,),
        faults: Mapping[str, str] | None = None,
    ) -> Path:
        """A release, linked as that colour."""
        told = ", ".join(f"{path!r}: {fault}" for path, fault in (faults or {}).items())
        place = self.layout.releases / "releases" / version
        for name, text in {
            "manage.py": MANAGE,
            "smsconsolidator/__init__.py": f"__version__ = {version!r}\n",
            "smsconsolidator/web.py": WEB.replace("{FAULTS}", f"{{{told}}}"),
            "deploy/__init__.py": "",
            "deploy/signs.py": SIGNS,
            "signs": "\n".join(signs),
        }.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
        (place / ".venv").symlink_to(sys.prefix)
        self.link(colour, version)
        return place

    def link(self, colour: str, version: str) -> None:
        link = self.layout.releases / colour
        link.unlink(missing_ok=True)
        link.symlink_to(f"releases/{version}")

    def begin(self, command: str, *options: str) -> subprocess.Popen[str]:
        """Give the command, and do not wait for its end."""
        pace = {"rollback": ("--drain", "0")} | dict.fromkeys(("first", "start", "status"), ())
        usual = pace.get(command, ("--drain", "0", "--watch", "0", "--every", "0.2"))
        return subprocess.Popen(
            [*self._command, "--ready-within", "90", command, *usual, *options],
            cwd=BASE_DIR,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def give(self, command: str, *options: str, code: int = 0) -> str:
        """Give the command, which must end with that exit code; what it says."""
        process = self.begin(command, *options)
        said, _ = process.communicate(timeout=200)
        assert process.returncode == code, said
        return said

    def run(self, *command: str) -> None:
        """Another command of the server's."""
        subprocess.run(command, env=self._environment, check=True)

    @property
    def _environment(self) -> dict[str, str]:
        # A proxy that is not there: whoever asked this machine's ports by it would not be answered.
        nowhere = {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        return {**os.environ, **nowhere, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}

    @property
    def _command(self) -> list[str]:
        nginx = " ".join(self.nginx) if self.asks_nginx else "true"
        return [
            *(sys.executable, "-m", "deploy.rollout", "--root", str(self.root)),
            *("--user", "", "--nginx", nginx),
        ]

    # --- nginx ------------------------------------------------------------------------------------------------
    @property
    def nginx(self) -> list[str]:
        return nginx_command(self.layout, self.root / "nginx.conf")

    @property
    def asks_nginx(self) -> bool:
        """Whether it runs: before, there is nobody to be told who answers."""
        return (self.root / "nginx.pid").exists()

    def start_nginx(self) -> None:
        subprocess.run(self.nginx, check=True)

    def get(self, path: str, client: str = "127.0.0.1") -> requests.Response:
        """As a client at that address of the loopback interface asks, through nginx."""
        certificate = str(self.root / "etc/letsencrypt/live" / SITE / "fullchain.pem")
        url = f"https://127.0.0.1:{self.port}{path}"
        with requests.Session() as session:
            session.mount("https://", From(client))
            return session.get(url, headers={"Host": SITE}, verify=certificate, timeout=30)

    # --- what is there ----------------------------------------------------------------------------------------
    @property
    def upstream(self) -> Upstream:
        return Upstream.read(self.layout.upstream)

    @property
    def current(self) -> str:
        """The version that commands are given to."""
        return (self.layout.releases / "current").resolve().name

    def running(self) -> set[str]:
        """The colours of which something runs."""
        return {colour for colour in COLOURS if any(self.programs(colour))}

    def programs(self, colour: str) -> list[str]:
        units = {name: Unit(self.root, f"smsconsolidator-{name}@{colour}.service") for name in PROGRAMS}
        return [name for name, unit in units.items() if unit.keeper]

    def answers_alone(self, colour: str) -> bool:
        """Everything of that colour runs, nothing of the other one, and nginx is told so."""
        told = dict(self.upstream.weights) == {colour: 100} and self.upstream.settled == colour
        return told and self.running() == {colour} and self.programs(colour) == list(PROGRAMS)

    def close(self) -> None:
        stop(
            [Unit(self.root, f"smsconsolidator-{name}@{one}.service") for name in PROGRAMS for one in COLOURS]
        )
        if self.asks_nginx:
            os.kill(int((self.root / "nginx.pid").read_text()), signal.SIGTERM)
