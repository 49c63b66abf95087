"""What a roll-out gives a release's commands to know."""

from pathlib import Path

import pytest

from deploy.layout import Layout
from deploy.rollout.machine import Machine

PRINTS_ITS_ENVIRONMENT = "#!/bin/sh\nenv >{file}\n"
POOLER = "DATABASE_POOLER_URL=postgres://sms@127.0.0.1:6432/sms\n"
SERVER = "postgres://sms@db.example.org:5432/sms"


@pytest.mark.parametrize(("pooler", "seen"), [(POOLER, SERVER), ("", None)])
def test_migrations_go_around_the_pooler(tmp_path: Path, pooler: str, seen: str | None) -> None:
    layout = Layout(tmp_path / "server")
    layout.settings.mkdir(parents=True)
    python = layout.releases / "blue/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(PRINTS_ITS_ENVIRONMENT.format(file=tmp_path / "given"))
    python.chmod(0o755)
    (layout.settings / "env").write_text(f"DATABASE_URL={SERVER}\n{pooler}")

    Machine(layout, user="").migrate("blue")

    given = dict(line.split("=", 1) for line in (tmp_path / "given").read_text().splitlines())
    assert given.get("DATABASE_POOLER_URL") == seen
    assert given["PGOPTIONS"] == "-c lock_timeout=3s"
