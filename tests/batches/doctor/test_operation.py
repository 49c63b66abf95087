"""Sweep, schedule, batches, switches and queue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_q.models import Schedule
from pydantic import SecretStr

from batches import schedules
from batches.leases import LEADER
from batches.models import Lease
from replies import switches
from tests.batches.conftest import age, arrive
from tests.batches.doctor.conftest import Doctor, closed_port

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_sweep_that_has_stopped_also_before_the_clock_was_set_back(doctor: Doctor, minutes: int) -> None:
    Lease.objects.filter(name=LEADER).update(beat_at=datetime.now(UTC) + timedelta(minutes=minutes))
    assert doctor()["sweep"]["state"] == "problem"
    assert doctor("--pre-flight")["bad"] == {}


def test_a_schedule_that_is_gone_or_twofold(doctor: Doctor) -> None:
    row = Schedule.objects.get(name=schedules.SWEEP_NAME)
    Schedule.objects.create(name="another", func=row.func, cluster=row.cluster, schedule_type="I", minutes=1)
    assert doctor()["schedule"]["state"] == "warning"
    Schedule.objects.all().delete()
    assert doctor()["schedule"]["state"] == "problem"


@pytest.mark.parametrize("name", schedules.NAMES)
@pytest.mark.parametrize("changes", [None, {"repeats": 0}, {"cluster": "another"}])
def test_any_other_schedule_that_is_gone_or_comes_up_no_more(
    doctor: Doctor, name: str, changes: dict[str, Any] | None
) -> None:
    rows = Schedule.objects.filter(name=name)
    rows.update(**changes) if changes else rows.delete()
    found = doctor()["schedule"]
    assert (found["state"], found["told"]) == ("problem", f"there is no schedule '{name}'")
    assert "manage.py migrate" in found["mend"]
    schedules.sync()  # which is what it does
    assert "schedule" not in doctor()["bad"]


def test_batches_that_are_late(doctor: Doctor) -> None:
    age(arrive("Yes"), 200)
    assert doctor()["batches"]["state"] == "problem"


def test_replies_that_somebody_has_stopped(doctor: Doctor) -> None:
    assert "replies" not in doctor()["bad"]
    switches.throw(None, stop=True, reason="a storm", actor="admin:maria")
    assert doctor()["replies"]["told"] == "replies of every channel are stopped, by admin:maria: a storm"


def test_a_redis_that_is_not_there(doctor: Doctor, settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(
        update={"redis_url": SecretStr(f"redis://127.0.0.1:{closed_port()}/0")}
    )
    assert "Redis cannot be reached" in doctor()["queue"]["told"]
