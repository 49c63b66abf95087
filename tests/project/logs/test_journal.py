"""Under systemd the journal knows how serious each line of the log is; elsewhere lines are as they are."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smsconsolidator.env import BASE_DIR
from smsconsolidator.logs import LineHandler


def _logged(file: Path, journal: str) -> list[str]:
    """What a process of the service writes to that file, told by systemd that `journal` is the journal."""
    program = """
import django
django.setup()
import logging
log = logging.getLogger("batches")
for level in (logging.INFO, logging.WARNING, logging.CRITICAL):
    log.log(level, "one")
try:
    raise ValueError("two\\nlines")
except ValueError:
    log.exception("broken")
"""
    environment = {
        "ENV_FILE": "/dev/null",
        "DJANGO_SECRET_KEY": "for this test alone, and for nothing else whatever",
        "DJANGO_SETTINGS_MODULE": "smsconsolidator.settings",
        "DATABASE_URL": "sqlite://:memory:",
        "JOURNAL_STREAM": journal,
    }
    with file.open("w") as stream:
        subprocess.run(
            [sys.executable, "-c", program], cwd=BASE_DIR, env=environment, stdout=stream, check=True
        )
    return file.read_text().splitlines()


def test_the_journal_is_told_how_serious_each_line_is(tmp_path: Path) -> None:
    """`journalctl -p warning` goes by it. journald takes the number off."""
    file = tmp_path / "journal"
    file.touch()
    lines = _logged(file, f"{file.stat().st_dev}:{file.stat().st_ino}")
    assert [line[:3] for line in lines[:3]] == ["<6>", "<4>", "<3>"]
    assert "ERROR broken" in lines[3]
    assert len(lines) > 6
    assert all(line.startswith("<3>    ") for line in lines[4:])  # the traceback, indented as ever


def test_elsewhere_no_line_has_a_number(tmp_path: Path) -> None:
    """Under systemd too, where a program in between reads them."""
    for journal in ("", "8:1"):
        assert not any(line.startswith("<") for line in _logged(tmp_path / "file", journal))


def test_a_stream_without_a_file_is_not_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    status = os.stat("/dev/null")
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    assert LineHandler(io.StringIO()).format(logging.makeLogRecord({"msg": "one"})) == "one"
