"""kill -9 of whoever drains the spool, at every step between two commits: nothing is lost, nothing is stored twice."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.database import Database
from tests.system.service import ROOT, Service

PREPARE = """
import django; django.setup()
from batches.inbound.base import InboundSms
from batches.spool import here
from datetime import UTC, datetime
sms = lambda n: InboundSms(f"g{n:03}", f"+63917123456{n % 3}", f"text {n}", None, "", "{}", datetime.now(UTC))
here().append([("default", sms(n)) for n in range(250)])
"""
# Dies at the so manieth visit of a place: before or after what happens there.
DRAIN = """
import django; django.setup()
import os, signal, sys
from batches import drain, ingest_sql, spool
place, moment, visit = sys.argv[1], sys.argv[2], int(sys.argv[3])
owner, name = {"store": (ingest_sql, "store"), "forget": (spool.Spool, "forget"), "first": (spool.Spool, "first"),
               "ingest": (drain, "ingest")}[place]
real, visits = getattr(owner, name), 0
def dying(*args, **named):
    global visits
    visits += 1
    if (visits, moment) == (visit, "before"): os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **named)
    if (visits, moment) == (visit, "after"): os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(owner, name, dying)
drain.look()
"""
FINISH = """
import django, json; django.setup()
from batches import drain
from batches.spool import here
drain.look()
state = here().state(); print(json.dumps([state.waiting, state.failed]))
"""
STEPS = [
    (place, moment, visit)
    for place in ("first", "ingest", "store", "forget")
    for moment in ("before", "after")
    for visit in ((2, 3) if place == "first" else (1, 2))
]


def _run(environment: dict[str, str], code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def spooled(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool in which 250 messages wait."""
    environment = Service(tmp_path_factory.mktemp("spooled"), template).environment
    assert _run(environment, PREPARE).returncode == 0
    return Path(environment["SPOOL_PATH"])


@pytest.mark.parametrize(("place", "moment", "visit"), STEPS)
def test_it_stores_each_once(
    template: Database, spooled: Path, tmp_path: Path, place: str, moment: str, visit: int
) -> None:
    database = template.copy("draining")
    try:
        environment = Service(tmp_path, database).environment
        shutil.copy(spooled, environment["SPOOL_PATH"])
        died = _run(environment, DRAIN, place, moment, str(visit))
        assert died.returncode == -signal.SIGKILL, died.stderr
        finished = _run(environment, FINISH)

        assert json.loads(finished.stdout.splitlines()[-1]) == [0, 0], finished.stderr
        stored = database.rows("SELECT provider_message_id FROM batches_message ORDER BY received_at, id")
        assert [guid for (guid,) in stored] == [f"g{number:03}" for number in range(250)]
        assert database.rows("SELECT sum(message_count) FROM batches_batch") == [(250,)]
    finally:
        database.drop()
