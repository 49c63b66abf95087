"""`python -m deploy.check`: the units and the web server's site, read by systemd-analyze and nginx themselves.

It lays them out in a directory of its own, needs no root, starts nothing and installs nothing. Exit code 1 when one
of them is refused or a tool is missing.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from deploy.layout import COLOURS, PORTS, Layout
from deploy.rollout.upstream import Upstream

NEEDED = {"systemd-analyze": "systemd", "nginx": "nginx-light", "openssl": "openssl"}
# systemd's measure of what a broken-into service could do, from 0 (nothing) to 100 (all that root can).
EXPOSURE = 20
SITE = "sms.example.org"


class Refused(Exception):
    """A tool does not accept a file; the message is what it says."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What it prints. Raises Refused when it fails."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{' '.join(command)}\n{done.stdout.strip()}")
    return done.stdout.strip()


def check_units(layout: Layout) -> str:
    """`systemd-analyze verify` without a word of warning, and `security` below the bound."""
    units = layout.install_units()
    for name in (*COLOURS, "current"):
        python = layout.releases / name / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
    instances = [str(unit).replace("@.", "@blue.") for unit in units]
    # --man=no: nothing here is documented by a manual page.
    said = run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *instances], _units_only(layout)
    )
    if said:
        raise Refused(f"systemd-analyze verify warns:\n{said}")
    services = [unit for unit in instances if unit.endswith(".service")]
    for service in services:
        _check_exposure(layout, service)
    return f"{len(units)} units verified; exposure of {len(services)} services at most {EXPOSURE / 10}"


def _units_only(layout: Layout) -> dict[str, str]:
    """Ours before the machine's own: the drop-ins are found beside the units."""
    return {"PATH": "/usr/bin:/bin:/usr/sbin", "SYSTEMD_UNIT_PATH": f"{layout.units}:", "LC_ALL": "C.UTF-8"}


def _check_exposure(layout: Layout, service: str) -> None:
    run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", service],
        _units_only(layout),
    )


def check_site(layout: Layout) -> str:
    """`nginx -t` on the site as it is installed, with a certificate of its own, and with a second machine."""
    layout.install_site()
    layout.install_metrics({"10.0.0.5": "127.0.0.1"})  # an address of this machine, for nginx tries to listen
    make_certificate(layout, SITE)
    _check_nginx(layout, "server 10.0.0.2:8000 weight=100;")
    return f"nginx accepts the site (releases on {' and '.join(map(str, PORTS.values()))})"


def check_site_behind(layout: Layout) -> str:
    """The same for the second machine's."""
    layout.install_site_behind()
    _check_nginx(layout)
    return "nginx accepts the site of a further machine"


def _check_nginx(layout: Layout, *others: str) -> None:
    Upstream("blue", {"blue": 90, "green": 10}, others=others).write(layout.upstream)
    main = layout.root / "nginx.conf"
    main.write_text(main_configuration(layout), "utf-8")
    said = run([*nginx_command(layout, main), "-t"])
    if "[warn]" in said or "[alert]" in said:
        raise Refused(f"nginx -t warns:\n{said}")


def make_certificate(layout: Layout, name: str) -> None:
    """A certificate for `name`, signed by itself, where certbot puts one."""
    place = layout.root / "etc/letsencrypt/live" / name
    place.mkdir(parents=True)
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"]
    files = ["-keyout", str(place / "privkey.pem"), "-out", str(place / "fullchain.pem")]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    run(["openssl", "req", "-x509", *curve, *subject, *files])


def main_configuration(layout: Layout) -> str:
    """An nginx.conf for the site alone, which needs no root: everything that it writes is below the root."""
    (layout.root / "var/log/nginx").mkdir(parents=True, exist_ok=True)
    (layout.root / "bodies").mkdir(exist_ok=True)
    temporary = "\n".join(
        f"    {kind}_temp_path {layout.root}/bodies/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""\
worker_processes 2;
pid {layout.root}/nginx.pid;
error_log {layout.root}/var/log/nginx/error.log notice;
events {{ worker_connections 512; }}
http {{
{temporary}
    access_log off;
    include {layout.site}*;
}}
"""


def nginx_command(layout: Layout, main: Path) -> list[str]:
    """nginx with that configuration and nothing of the machine's."""
    return ["nginx", "-p", str(layout.root), "-e", f"{layout.root}/var/log/nginx/error.log", "-c", str(main)]


def missing() -> list[str]:
    """The Debian packages of the tools that are not there."""
    places = "/usr/sbin:/sbin:/usr/bin:/bin"
    return [
        package
        for tool, package in NEEDED.items()
        if not (shutil.which(tool) or shutil.which(tool, path=places))
    ]


def main() -> int:
    console = Console()
    if lacking := missing():
        console.print(f"Not checked: {', '.join(lacking)} not installed (apt install {' '.join(lacking)})")
        return 1
    failed = 0
    for check in (check_units, check_site, check_site_behind):
        with tempfile.TemporaryDirectory() as directory:
            try:
                console.print(f"ok       {check(Layout(Path(directory)))}", highlight=False)
            except Refused as problem:
                console.print(f"problem  {problem}", highlight=False, markup=False, soft_wrap=True)
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
