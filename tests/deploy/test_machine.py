"""What a roll-out gives a release's commands to know, and how long it waits for them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.layout import PORTS, Layout
from deploy.rollout import machine
from deploy.rollout.machine import Machine, MachineError
from deploy.rollout.upstream import Upstream

PRINTS_ITS_ENVIRONMENT = "#!/bin/sh\nenv >{file}\n"
POOLER = "DATABASE_POOLER_URL=postgres://sms@127.0.0.1:6432/sms\n"
SERVER = "postgres://sms@db.example.org:5432/sms"


def with_python(tmp_path: Path, script: str) -> Layout:
    """A server whose blue release has this for its Python."""
    layout = Layout(tmp_path / "server")
    layout.settings.mkdir(parents=True)
    python = layout.releases / "blue/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(script)
    python.chmod(0o755)
    return layout


@pytest.mark.parametrize(("pooler", "seen"), [(POOLER, SERVER), ("", None)])
def test_migrations_go_around_the_pooler(tmp_path: Path, pooler: str, seen: str | None) -> None:
    layout = with_python(tmp_path, PRINTS_ITS_ENVIRONMENT.format(file=tmp_path / "given"))
    (layout.settings / "env").write_text(f"DATABASE_URL={SERVER}\n{pooler}")

    Machine(layout, user="").migrate("blue")

    given = dict(line.split("=", 1) for line in (tmp_path / "given").read_text().splitlines())
    assert given.get("DATABASE_POOLER_URL") == seen
    assert given["PGOPTIONS"] == "-c lock_timeout=3s"


LOCKED_ONCE = """#!/bin/sh
[ -e {mark} ] && exit 0
touch {mark}
echo psycopg.errors.LockNotAvailable: annullation de la requete
seq 2000  # a traceback is long
exit 1
"""


def test_a_lock_that_is_not_to_be_had_is_asked_for_again_in_any_language(tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    Machine(with_python(tmp_path, LOCKED_ONCE.format(mark=mark)), user="").migrate("blue", tries=2)
    mark.unlink()
    with pytest.raises(MachineError):
        Machine(with_python(tmp_path / "no more", LOCKED_ONCE.format(mark=mark)), user="").migrate(
            "blue", tries=1
        )


@pytest.mark.parametrize(
    "ask",
    [
        lambda node: node.signs("blue", datetime.now(UTC)),
        lambda node: node.version("blue"),
        lambda node: node.send_for_sweep("blue"),
    ],
    ids=["signs", "version", "send_for_sweep"],
)
def test_who_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Machine], object]
) -> None:
    """A frozen database: the roll-out goes back on a MachineError, and could not if it hung."""
    monkeypatch.setattr(machine, "STATE_SECONDS", 0.5, raising=False)
    node = Machine(with_python(tmp_path, "#!/bin/sh\nexec sleep 5\n"), user="")
    with pytest.raises(MachineError, match="no answer"):
        ask(node)


def test_an_nginx_that_does_not_run_is_to_be_started_and_what_is_left_stopped(tmp_path: Path) -> None:
    layout = with_python(tmp_path, "#!/bin/sh\n")
    for colour, port in PORTS.items():
        (layout.settings / f"{colour}.env").write_text(f"PORT={port}\n")
    Upstream("blue", {"blue": 100}).write(layout.upstream)
    nginx = ("sh", "-c", 'case "$*" in *reload*) echo invalid PID number; exit 1;; esac', "nginx")
    with pytest.raises(MachineError, match=r"invalid PID(.|\n)*Start it, then: .* rollback"):
        Machine(layout, nginx, user="").direct("blue", {"blue": 90, "green": 10})


def test_a_release_that_its_user_may_not_read_says_how_it_is_opened(tmp_path: Path) -> None:
    """Root had a umask of 077 when it was unpacked."""
    layout = with_python(tmp_path, "#!/bin/sh\n")
    (layout.releases / "blue/.venv/bin/python").chmod(0o600)
    with pytest.raises(MachineError, match=r"/blue may not read .*/python: chmod -R go\+rX .*/blue"):
        Machine(layout, user="").version("blue")
