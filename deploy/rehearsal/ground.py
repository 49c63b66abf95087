"""What stands in for a machine's own nginx and systemctl, below a directory, without root."""

import sys

from bench.processes import free_port
from deploy.check import SITE, main_configuration, make_certificate
from deploy.layout import Layout
from smsconsolidator.env import BASE_DIR


def install_nginx(layout: Layout, port: int) -> None:
    """The site as it ships, with a certificate of its own, on that port of the loopback interface."""
    layout.install_site()
    make_certificate(layout, SITE)
    text = layout.site.read_text("utf-8")
    for line in ("    listen [::]:80;\n", "    listen [::]:443 ssl;\n"):
        text = text.replace(line, "")
    text = text.replace("listen 443 ", f"listen 127.0.0.1:{port} ")
    layout.site.write_text(text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};"), "utf-8")
    (layout.root / "nginx.conf").write_text(main_configuration(layout), "utf-8")


def install_nginx_behind(layout: Layout, port: int, first: str = "127.0.0.1") -> None:
    """The site of a further machine on that port, for requests of the first one alone."""
    layout.install_site_behind()
    text = layout.site.read_text("utf-8").replace("listen 8000;", f"listen 127.0.0.1:{port};")
    layout.site.write_text(text.replace("allow 10.0.0.1;", f"allow {first};"), "utf-8")
    (layout.root / "nginx.conf").write_text(main_configuration(layout), "utf-8")


def install_systemctl(layout: Layout) -> None:
    """The units as they ship, and a systemctl that keeps them up (see systemctl.py)."""
    layout.install_units()
    (layout.root / "run").mkdir()
    script = layout.root / "bin/systemctl"
    script.parent.mkdir()
    program = BASE_DIR / "deploy/rehearsal/systemctl.py"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {program} {layout.root} "$@"\n')
    script.chmod(0o755)
