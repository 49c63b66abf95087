"""Settings, secrets, disk, spool and nightly copies."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from batches import backups
from batches.doctor import machine
from batches.inbound.base import InboundSms
from batches.spool import here
from tests.batches.doctor.conftest import Doctor

pytestmark = pytest.mark.django_db


def test_settings_that_the_checks_refuse(doctor: Doctor, settings: Any) -> None:
    settings.BATCH_LEASE_SECONDS = 1
    assert "batches.E002" in doctor()["settings"]["told"]


def test_a_line_that_sets_nothing_is_told(doctor: Doctor, settings: Any) -> None:
    """On a server nobody sees the first start's words."""
    settings.UNKNOWN_SETTINGS = ["WEB_PROCESES in env is not a setting. Is it WEB_PROCESSES?"]
    told = doctor()
    assert told["settings"]["told"] == settings.UNKNOWN_SETTINGS[0]
    assert told["exit"] == 0


@pytest.mark.parametrize(("name", "value"), [("WEBHOOK_TOKEN", "ab" * 16), ("METRICS_TOKEN", "1" * 32)])
def test_secrets_that_can_be_guessed(doctor: Doctor, settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value)
    told = doctor()
    assert told["secrets"]["told"] == f"{name} can be guessed"
    assert told["exit"] == 1


def test_one_secret_for_two_things(doctor: Doctor, settings: Any) -> None:
    settings.WEBHOOK_TOKEN = settings.METRICS_TOKEN = "Zt0vQ9s-mX3bLr8Kp2Wd7Yf1"
    assert "the same" in doctor()["secrets"]["told"]


def test_a_disk_that_is_nearly_full(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LITTLE", 10**18)
    assert doctor()["disk"]["state"] == "warning"
    monkeypatch.setattr(machine, "VERY_LITTLE", 10**18)
    assert doctor()["disk"]["state"] == "problem"


def test_a_spool_that_holds_something(doctor: Doctor) -> None:
    with here().draining():  # a thread that another test has started would empty it
        here().append([("default", InboundSms("g1", "+639171234567", "Yes", None, "", "{}"))])
        told = doctor()["spool"]
        assert (told["state"], "1 message(s) wait" in told["told"]) == ("warning", True)
        here().set_aside(here().first(1)[0], "no such channel")
        assert doctor()["spool"]["state"] == "problem"


def test_a_spool_that_cannot_be_used(doctor: Doctor, settings: Any) -> None:
    Path(settings.SPOOL_PATH).write_bytes(b"no database at all" * 500)
    assert "cannot be used" in doctor()["spool"]["told"]


def test_a_spool_in_memory(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "IN_MEMORY", {machine._file_system(Path("/"))})
    monkeypatch.setattr(machine, "_existing", lambda _path: Path("/"))
    assert "kept in memory" in doctor()["spool"]["told"]


@pytest.fixture
def nightly(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies are kept."""
    place = tmp_path / "backups"
    place.mkdir()
    monkeypatch.setattr(backups, "NIGHTLY", place)
    return place


def copied(place: Path, name: str, hours: float) -> None:
    """A copy of so many hours ago."""
    (place / name).touch()
    os.utime(place / name, times=(time.time() - 3600 * hours,) * 2)


def test_no_copies_are_missed_where_none_are_kept(doctor: Doctor) -> None:
    assert "backup" not in {line["about"] for line in doctor()["lines"]}


def test_a_copy_of_last_night(doctor: Doctor, nightly: Path) -> None:
    copied(nightly, "smsconsolidator-20260101T023000000000Z.pgdump", 70)
    copied(nightly, "smsconsolidator-20260102T023000000000Z.pgdump", 26)
    [line] = [line for line in doctor()["lines"] if line["about"] == "backup"]
    assert line["state"] == "ok"
    assert "the newest copy is 26 hours old" in line["told"]


def test_copies_that_come_no_more(doctor: Doctor, nightly: Path) -> None:
    copied(nightly, "smsconsolidator-20260101T023000000000Z.pgdump", 49)
    for not_whole in (
        "smsconsolidator-20260102T023000000000Z.json",
        ".smsconsolidator-20260102T023000000000Z.pgdump.part",
    ):
        copied(nightly, not_whole, 1)
    told = doctor()
    assert told["backup"]["state"] == "warning"
    assert "the newest copy is 49 hours old" in told["backup"]["told"]
    assert told["backup"]["mend"].startswith("systemctl status smsconsolidator-backup")
    assert told["exit"] == 0


def test_a_place_for_copies_without_any(doctor: Doctor, nightly: Path) -> None:
    assert "smsconsolidator-backup.timer" in doctor()["backup"]["mend"]
