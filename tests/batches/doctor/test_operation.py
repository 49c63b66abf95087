"""Sweep, schedule, batches, switches and queue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_q.models import Schedule
from pydantic import SecretStr

from batches import schedules
from batches.leases import LEADER
from batches.models import Lease, ReportMail
from bench.processes import free_port
from classification.models import Price
from replies import switches
from tests.batches.conftest import age, arrive
from tests.batches.doctor.conftest import Doctor
from tests.support.openai_server import OpenAIServer, model_list
from tests.support.redis_server import RedisServer

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


def test_nobody_runs_the_schedules(doctor: Doctor) -> None:
    """Without texts to work on, nothing else tells that no worker runs."""
    Schedule.objects.exclude(name=schedules.SWEEP_NAME).update(
        next_run=datetime.now(UTC) - timedelta(minutes=10)
    )
    found = doctor()["schedule"]
    assert (found["state"], "no worker runs" in found["told"]) == ("problem", True)
    assert doctor("--pre-flight")["bad"] == {}


@pytest.mark.parametrize(
    ("status", "bad"),
    [("sent", False), ("sending", False), ("refused", True), ("waiting", True), ("unknown", True)],
)
def test_the_newest_report_that_did_not_reach_somebody(
    doctor: Doctor, settings: Any, status: str, bad: bool
) -> None:
    settings.REPORT_EMAIL_TO = ["ben@example.org"]
    now = datetime.now(UTC)
    for day, then in ((1, "refused"), (2, status)):
        ReportMail.objects.create(
            day=f"2026-03-0{day}", to="ben@example.org", status=then, error="550 no such box", tried_at=now
        )
    found = doctor()["bad"]
    assert ("report" in found) == bad
    assert not bad or "2026-03-02 to ben@example.org" in found["report"]["told"]
    settings.REPORT_EMAIL_TO = []
    assert "report" not in doctor()["bad"]


def test_batches_that_are_late(doctor: Doctor) -> None:
    age(arrive("Yes"), 200)
    assert doctor()["batches"]["state"] == "problem"


def test_replies_that_somebody_has_stopped(doctor: Doctor) -> None:
    assert "replies" not in doctor()["bad"]
    switches.throw(None, stop=True, reason="a storm", actor="admin:maria")
    assert doctor()["replies"]["told"] == "replies of every channel are stopped, by admin:maria: a storm"


def use_redis(settings: Any, address: str) -> None:
    settings.ENV = settings.ENV.model_copy(update={"redis_url": SecretStr(address)})


def test_a_redis_that_is_not_there(doctor: Doctor, settings: Any) -> None:
    use_redis(settings, f"redis://127.0.0.1:{free_port()}/0")
    assert "Redis cannot be reached" in doctor()["queue"]["told"]
    assert "refused" in doctor()["queue"]["told"]


def test_a_redis_that_has_no_such_database(doctor: Doctor, settings: Any) -> None:
    with RedisServer({"SELECT": "-ERR DB index is out of range"}) as server:
        use_redis(settings, f"{server.url}/99")
        found = doctor()["queue"]
    assert (found["state"], "DB index is out of range" in found["told"]) == ("problem", True)


@pytest.mark.parametrize(("used", "state"), [(50, "ok"), (95, "problem")])
def test_a_redis_that_is_nearly_full(doctor: Doctor, settings: Any, used: int, state: str) -> None:
    with RedisServer({"INFO": f"$used_memory:{used}\r\nmaxmemory:100"}) as server:
        use_redis(settings, f"{server.url}/0")
        assert doctor().get("queue", {"state": "ok"})["state"] == state


def test_a_model_without_a_price(doctor: Doctor, settings: Any, model: OpenAIServer) -> None:
    settings.OPENAI_MODEL = "gpt-other-2026-10-06"
    model.models = model_list("gpt-other-2026-10-06")
    assert "no price of gpt-other-2026-10-06 is known" in doctor()["model"]["told"]
    Price.objects.create(model="gpt-other", input_per_million=0, output_per_million=0)
    assert "model" not in doctor()["bad"]
