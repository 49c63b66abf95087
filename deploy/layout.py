"""Where things are on a server, and the files of this folder laid out there.

Every path hangs below a root, so that a check or a rehearsal can lay out a server of its own without being root.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
COLOURS = ("blue", "green")
PORTS = {"blue": 8001, "green": 8002}
PROGRAMS = ("web", "worker", "sweeper")
# Directories that the files of this folder name.
NAMED = (
    "/opt/smsconsolidator",
    "/etc/smsconsolidator",
    "/etc/nginx",
    "/etc/letsencrypt",
    "/var/log/nginx",
    "/var/www",
)


@dataclass(frozen=True)
class Layout:
    """A server's directories below `root`, which is / on a real one."""

    root: Path = Path("/")

    @property
    def releases(self) -> Path:
        """blue, green and current are links in it, to directories of releases/."""
        return self.root / "opt/smsconsolidator"

    @property
    def settings(self) -> Path:
        """env, and blue.env and green.env with the port of each."""
        return self.root / "etc/smsconsolidator"

    @property
    def upstream(self) -> Path:
        return self.root / "etc/nginx/smsconsolidator-upstream.conf"

    @property
    def site(self) -> Path:
        return self.root / "etc/nginx/sites-available/smsconsolidator"

    @property
    def metrics_site(self) -> Path:
        return self.site.with_name("smsconsolidator-metrics")

    @property
    def proxy(self) -> Path:
        return self.root / "etc/nginx/smsconsolidator-proxy.conf"

    @property
    def access_log(self) -> Path:
        return self.root / "var/log/nginx/smsconsolidator.log"

    @property
    def units(self) -> Path:
        return self.root / "etc/systemd/system"

    def below(self, text: str) -> str:
        """A configuration file's text with its paths below the root."""
        if self.root == Path("/"):
            return text
        return re.sub(rf"(?<![\w/])({'|'.join(NAMED)})\b", lambda match: f"{self.root}{match[0]}", text)

    def install_units(self) -> list[Path]:
        """Copy the units; gives those that can be started."""
        for source in (DEPLOY / "systemd").rglob("*"):
            if source.is_file() and not source.name.startswith("journald"):
                self._copy(source, self.units / source.relative_to(DEPLOY / "systemd"))
        return sorted(unit for unit in self.units.glob("smsconsolidator*") if unit.is_file())

    def install_site(self) -> None:
        """Copy the site and what it includes, but for the file that says which release answers."""
        self._copy(DEPLOY / "nginx/smsconsolidator.conf", self.site)
        self._copy(DEPLOY / "nginx/proxy.conf", self.proxy)

    def install_metrics(self, addresses: Mapping[str, str]) -> None:
        """The site for a Prometheus elsewhere, with the addresses of this machine and of that one."""
        text = self.below((DEPLOY / "nginx/metrics.conf").read_text("utf-8"))
        for example, address in addresses.items():
            text = text.replace(example, address)
        self.metrics_site.write_text(text, "utf-8")

    def install_site_behind(self) -> None:
        """The same for a further machine, to which the first one's nginx sends."""
        self._copy(DEPLOY / "nginx/behind.conf", self.site)

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.below(source.read_text("utf-8")), "utf-8")
