"""A supervisor that is killed, or stopped at a bad moment: nothing outlives it, and nothing is lost."""

import time

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.cluster import SHORT, SOON, Cluster, alive, kill
from tests.system.conftest import StartService
from tests.system.numbers import new_number
from tests.system.providers import Gateway
from tests.system.service import Service, wait_until


@pytest.mark.parametrize("killed", ["supervise", "supervisord", "both"])
def test_nothing_outlives_its_supervisor(running: StartService, killed: str) -> None:
    with running(f"top_{killed}", programs=["supervise"], **SHORT) as service:
        top = psutil.Process(service.processes["supervise"].pid)
        [supervisord] = top.children()
        chosen = {
            "supervise": [top],
            "supervisord": [supervisord],
            "both": [top, supervisord],
        }[killed]

        kill(chosen)
        service.processes.pop("supervise").wait(SOON)

        wait_until(lambda: not service.leftovers(), 2 * SOON, lambda: f"still running: {service.leftovers()}")


def test_everything_at_once_and_a_stop_in_the_middle_of_a_call(
    running: StartService, gateway: Gateway
) -> None:
    """After kill -9 of all there is, what was open, queued and in a call is settled by the next start."""
    called, queued, opened, stopped = (new_number() for _ in range(4))
    gateway.behaviours |= {called: "hold", stopped: "hold"}
    settings = {"WORKERS": 1, "OPENAI_API_KEY": "", "SMS_TIMEOUT": 20}
    with running("everything", programs=["supervise"], CONSOLIDATION_WINDOW=60, **settings) as service:
        _answer_at_once(service, called, queued, stopped)
        _hold_a_call(service, gateway, called)
        for number in (queued, opened):
            service.send(number, "Yes")

        _kill_everything(service)
        numbers = (called, queued, opened)
        found = [service.batches(number)[0].status for number in numbers]
        assert found == ["processing", "closed", "open"]

        _let_leases_and_windows_end(service)
        service.start("supervise")
        wait_until(service.ready, 4 * SOON, service.logs)
        settled = [service.wait_for_settled(number, seconds=60)[0].outcome for number in numbers]
        assert settled == ["unknown", "replied", "replied"]

        _hold_a_call(service, gateway, stopped)
        everybody = Cluster(service).everybody()
        service.processes["supervise"].terminate()
        wait_until(lambda: not all(map(alive, everybody)), SOON, service.logs)
        gateway.release.set()
        service.processes["supervise"].wait(2 * SOON)
        assert service.leftovers() == []
        assert service.batches(stopped)[0].outcome == "replied"
        assert [len(gateway.sent_to(number)) for number in (*numbers, stopped)] == [1] * 4


def _answer_at_once(service: Service, *numbers: str) -> None:
    """These have a window of no seconds."""
    _shell(
        service,
        "from batches.models import SenderPreference",
        f"for number in {numbers}: SenderPreference.objects.create(number=number, window_seconds=0)",
    )


def _let_leases_and_windows_end(service: Service) -> None:
    """What a minute does."""
    _shell(
        service,
        "from datetime import timedelta",
        "from batches.clock import Now",
        "from batches.models import Batch",
        "from replies.models import Reply",
        "past, before = Now() - timedelta(seconds=1), Now() - timedelta(seconds=61)",
        "Batch.objects.filter(status='open').update(opened_at=before, closes_at=past)",
        "Batch.objects.exclude(lease_until=None).update(lease_until=past)",
        "Reply.objects.exclude(sending_until=None).update(sending_until=past)",
    )


def _shell(service: Service, *lines: str) -> None:
    done = service.manage("shell", "-c", "\n".join(lines))
    assert done.returncode == 0, done.stderr


def _hold_a_call(service: Service, gateway: Gateway, number: str) -> None:
    """Until `gateway.release` is set."""
    gateway.release.clear()
    service.send(number, "Yes")
    wait_until(lambda: gateway.sent_to(number), 30, service.logs)


def _kill_everything(service: Service) -> None:
    top = service.processes.pop("supervise")
    kill([psutil.Process(top.pid), *psutil.Process(top.pid).children(recursive=True)])
    top.wait(SOON)
    wait_until(lambda: not service.leftovers(), 2 * SOON, lambda: f"still running: {service.leftovers()}")


def test_it_stops_even_in_the_instant_in_which_it_starts_a_node_again(running: StartService) -> None:
    """supervisord looks once a second: what died and what it was told meanwhile, it sees to in the same millisecond."""
    with running("stopping", programs=["supervise"], **SHORT) as service:
        cluster = Cluster(service)
        cluster.wait()

        cluster.main.kill()
        service.processes["supervise"].terminate()

        service.processes["supervise"].wait(SOON)
        assert service.leftovers() == []


def test_no_web_process_that_is_still_starting_outlives_its_server(running: StartService) -> None:
    """It took its server for whoever was its parent when it had started: once that was already somebody else."""
    with running("web_start", programs=()) as service:
        for seconds in (0.05, 0.1, 0.2, 0.3, 0.4, 0.6):
            service.start("web")
            server = service.processes.pop("web")
            wait_until(psutil.Process(server.pid).children, SOON, service.logs)
            time.sleep(seconds)
            server.kill()
            server.wait()

        wait_until(lambda: not service.leftovers(), SOON, lambda: f"still running: {service.leftovers()}")
