"""kill -9 at the worst moments. Leases are seconds here: see settings.py."""

from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.conftest import StartService
from tests.system.providers import THANKS_FOR_CONFIRMING, Gateway, Model
from tests.system.service import Service, wait_until


@pytest.fixture(scope="module")
def fragile(running: StartService) -> Iterator[Service]:
    short = {
        "CONSOLIDATION_WINDOW": 1,
        "OPENAI_TIMEOUT": 0.6,
        "OPENAI_DEADLINE": 2,
        "SMS_TIMEOUT": 1.5,
        "BATCH_LEASE_SECONDS": 4.5,
    }
    with running("fragile", DJANGO_SETTINGS_MODULE="tests.system.settings", **short) as service:
        yield service


def _worker_behind(service: Service, port: int) -> psutil.Process:
    """The worker that speaks from a local port."""
    for process in service.workers("worker"):
        if any(connection.laddr.port == port for connection in process.net_connections("tcp")):
            return process
    raise AssertionError(f"no worker has a connection from port {port}")


def _start_in_role(service: Service, process: str, role: str) -> None:
    """Start a process and wait until somebody new holds the role; a dead holder's name stays in the row."""

    def holder() -> object:
        return service.database.rows("SELECT holder FROM batches_lease WHERE name = %s", role)[0][0]

    before = holder()
    service.start(process)
    wait_until(lambda: holder() not in (None, before), 20, service.logs)


def test_it_takes_over_a_batch_whose_worker_dies_in_the_model_call(
    fragile: Service, sender: str, model: Model, gateway: Gateway
) -> None:
    text = f"Yes, I will come {sender}"
    model.behaviours[text] = "timeout"
    fragile.send(sender, text)
    wait_until(lambda: model.calls(text), 10, fragile.logs)

    fragile.kill("worker")
    fragile.start("worker")
    [batch] = fragile.wait_for_settled(sender)

    assert (batch.attempts, batch.outcome) == (2, "replied")
    assert [verdict["engine"] for verdict in batch.classifications] == ["rules"]
    assert gateway.sent_to(sender) == [THANKS_FOR_CONFIRMING]


def test_it_does_not_repeat_a_send_whose_worker_dies_in_the_call(
    fragile: Service, sender: str, gateway: Gateway
) -> None:
    gateway.behaviours[sender] = "slow"
    fragile.send(sender, "Yes")
    wait_until(lambda: gateway.sent_to(sender), 10, fragile.logs)

    request = next(one for one in gateway.sends if one.form["recipients"] == sender)
    _worker_behind(fragile, request.client).kill()
    [batch] = fragile.wait_for_settled(sender)

    assert batch.outcome == "unknown"
    assert [(reply["status"], reply["reason"]) for reply in batch.replies] == [("unknown", "interrupted")]
    assert len(gateway.sent_to(sender)) == 1


def test_it_goes_on_working_after_a_worker_was_killed(fragile: Service, sender: str) -> None:
    fragile.send(sender, "Yes")
    [batch] = fragile.wait_for_settled(sender)

    assert batch.outcome == "replied"


def test_it_closes_batches_after_the_sweeper_was_killed(fragile: Service, sender: str) -> None:
    fragile.send(sender, "Yes")

    fragile.kill("sweeper")
    fragile.start("sweeper")
    [batch] = fragile.wait_for_settled(sender)

    assert batch.outcome == "replied"


def test_it_closes_batches_by_the_standby_when_the_leader_is_killed(fragile: Service, sender: str) -> None:
    fragile.kill("sweeper")
    _start_in_role(fragile, "sweep", "sweep-leader")
    _start_in_role(fragile, "sweeper", "sweep-standby")

    fragile.send(sender, "Yes")
    fragile.kill("sweep")
    [batch] = fragile.wait_for_settled(sender, seconds=15)  # sooner than the next schedule

    assert batch.outcome == "replied"
