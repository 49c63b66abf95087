"""What the doctor says, to people and to machines."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from batches.leases import LEADER
from batches.models import Lease
from tests.batches.doctor.conftest import Doctor

pytestmark = pytest.mark.django_db


def test_it_finds_nothing_wrong_where_nothing_is(doctor: Doctor) -> None:
    told = doctor()
    assert (told["exit"], told["bad"]) == (0, {})
    about = {line["about"] for line in told["lines"]}
    assert about == {
        "settings", "secrets", "disk", "spool", "database", "clocks", "migrations", "queue", "schedule", "sweep",
        "batches", "provider", "model",
    }  # fmt: skip


def test_people_read_lines(doctor: Doctor) -> None:
    out = StringIO()
    Lease.objects.filter(name=LEADER).update(beat_at=None)
    with pytest.raises(CommandError, match=r"1 problem\(s\), 0 warning\(s\)"):
        call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert "PROBLEM  sweep       no sweep has ever run: nothing closes batches" in lines
    assert (
        lines[lines.index("PROBLEM  sweep       no sweep has ever run: nothing closes batches") + 1]
        .strip()
        .startswith("→")
    )


def test_warnings_fail_only_where_they_are_to(doctor: Doctor, settings: Any) -> None:
    settings.CREDENTIALS_KEYS = []
    assert (doctor()["exit"], doctor("--strict")["exit"]) == (0, 1)
    assert doctor()["secrets"]["state"] == "warning"
