"""A server in a directory: releases, their settings, nginx with the site as it ships, and a provider on loopback."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]

from bench.database import Database
from bench.processes import free_port
from chaos.outside import Provider
from deploy import previous
from deploy.check import SITE, nginx_command, run
from deploy.layout import COLOURS, PROGRAMS, Layout
from deploy.rehearsal.clients import Phones
from deploy.rehearsal.ground import install_nginx, install_systemctl
from smsconsolidator.env import BASE_DIR

TOKEN = "token-of-the-rehearsal-on-the-loopback-interface"
WINDOW = 3  # seconds
# A release with a fault that no check sees before it answers: what it is sent fails.
FAULT = """

_good = application


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        start_response("500 Internal Server Error", [("Content-Length", "0")])
        return [b""]
    return _good(environ, start_response)
"""


@dataclass
class Scene:
    """`with Scene(directory, database) as scene:` leaves no process behind."""

    root: Path
    database: Database
    _closing: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.layout = Layout(self.root)
        self.provider = self._closing.enter_context(Provider("smsmobileapi", Random(1)))
        self.port = free_port()
        install_systemctl(self.layout)
        install_nginx(self.layout, self.port)
        self._write_settings()
        self.unpack_old("old")
        self.unpack_new("new")
        self.link("blue", "old")
        self.link("green", "new")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        units = [f"smsconsolidator-{program}@{colour}.service" for program in PROGRAMS for colour in COLOURS]
        run([str(self.root / "bin/systemctl"), "stop", *units])
        self._closing.close()
        assert not (left := self.leftovers()), f"still running: {left}"

    # --- the releases -----------------------------------------------------------------------------------------
    def unpack_old(self, name: str) -> None:
        """The release before this one."""
        previous.unpack(self.layout.releases / "releases" / name)
        self._complete(name)

    def unpack_new(self, name: str) -> None:
        """This working copy, as it is."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
        for file in filter(None, listed.stdout.split("\0")):
            if (BASE_DIR / file).is_file():
                target = self.layout.releases / "releases" / name / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(BASE_DIR / file, target)
        self._complete(name)

    def unpack_broken(self, name: str) -> None:
        """The same with a fault: it starts, it is ready, and it fails each message."""
        self.unpack_new(name)
        with (self.layout.releases / "releases" / name / "smsconsolidator/wsgi.py").open("a") as file:
            file.write(FAULT)

    def _complete(self, name: str) -> None:
        place = self.layout.releases / "releases" / name
        (place / "static").mkdir(exist_ok=True)
        (place / ".venv").symlink_to(sys.prefix)

    def link(self, colour: str, name: str) -> None:
        """Make a release the blue or the green one."""
        link = self.layout.releases / colour
        link.unlink(missing_ok=True)
        link.symlink_to(self.layout.releases / "releases" / name)

    # --- what is given by operators ---------------------------------------------------------------------------
    def rollout(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command as it is typed on a server, with this directory in the place of the server's root."""
        command = [sys.executable, "-m", "deploy.rollout", "--root", str(self.root), "--user", ""]
        environment = {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}
        return subprocess.run(
            [*command, "--nginx", " ".join(self.nginx), *arguments],
            cwd=self.layout.releases / "releases" / "new",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def phones(self, per_second: int, first_sender: int) -> Phones:
        """Clients that nobody has heard from yet."""
        certificate = self.root / "etc/letsencrypt/live" / SITE / "fullchain.pem"
        url = f"https://127.0.0.1:{self.port}/api/webhook/sms-received"
        return Phones(url, certificate, TOKEN, per_second, first_sender=first_sender)

    def start_nginx(self) -> None:
        run(self.nginx)
        self._closing.callback(self._stop_nginx)

    def _stop_nginx(self) -> None:
        run([*self.nginx, "-s", "quit"])
        end = time.monotonic() + 20
        while (self.root / "nginx.pid").exists() and time.monotonic() < end:
            time.sleep(0.1)

    def logs(self) -> str:
        """The last words of every process."""
        return "\n".join(
            f"--- {file.name}\n{file.read_text()[-1500:]}" for file in (self.root / "run").glob("*.log")
        )

    def leftovers(self) -> list[str]:
        """Processes that run from this directory."""
        found = []
        for process in psutil.process_iter():
            try:
                words = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if str(self.root) in words and process.pid != os.getpid():
                found.append(f"{process.pid} {words}")
        return found

    # --- the set-up -------------------------------------------------------------------------------------------
    @property
    def nginx(self) -> Sequence[str]:
        return nginx_command(self.layout, self.root / "nginx.conf")

    def _write_settings(self) -> None:
        settings = {
            "DJANGO_SECRET_KEY": "for the rehearsal only, on the loopback interface only",
            "DATABASE_URL": self.database.url,
            "SPOOL_PATH": self.root / "spool.sqlite3",
            "HTTPS": "true",
            "ALLOWED_HOSTS": f"{SITE},localhost",
            "TRUSTED_PROXIES": "127.0.0.1",
            "WEBHOOK_TOKEN": TOKEN,
            "CONSOLIDATION_WINDOW": WINDOW,
            "CLASSIFICATION_MODE": "rules",
            "SMS_AUTO_REPLY_ENABLED": "true",
            "WORKERS": 4,
            # No limit: a batch without an answer is a fault. On a busy machine a burst may become two of them.
            **dict.fromkeys(
                ("SENDER_REPLIES_PER_MINUTE", "SENDER_REPLIES_PER_HOUR", "SENDER_REPLIES_PER_DAY"), 100
            ),
            "REPEATED_TEXTS": 100,
            "BREAKER_REPLIES_PER_MINUTE": 100_000,
            "SUPERSEDE_UNSENT": "false",
            "LOG_FORMAT": "json",
            **self.provider.settings(),
        }
        place = self.layout.settings
        place.mkdir(parents=True)
        (place / "env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()), "utf-8")
        for colour in COLOURS:
            (place / f"{colour}.env").write_text(f"PORT={free_port()}\n")
