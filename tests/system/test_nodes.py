"""A node of which processes are taken away: it is whole again within seconds, works, and has left nothing behind.

The states in which django-q2 by itself freezes or leaves orphans, caused for real under the project's supervisor.
"""

import time
from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.cluster import FATES, WORKERS, Cluster, alive, kill
from tests.system.conftest import BROKERS, StartService, broker
from tests.system.numbers import new_number
from tests.system.providers import Gateway
from tests.system.service import Service, wait_until

SHORT = {
    "WORKERS": WORKERS,
    "CONSOLIDATION_WINDOW": 1,
    "OPENAI_API_KEY": "",
    # Where all begins anew at once on a slow machine, an answer may take seconds: none of them may become unknown.
    "SMS_TIMEOUT": 6,
    "TEST_TASK_TIMEOUT": 12,
    "BATCH_LEASE_SECONDS": 13,
}
# A liveness bound, not a measurement: a node is whole again after one or two seconds on an idle machine.
SOON = 15


@pytest.fixture(scope="module", params=BROKERS)
def supervised(request: pytest.FixtureRequest, running: StartService) -> Iterator[Service]:
    settings = SHORT | {
        "WORKERS": WORKERS,
        "WEB_PROCESSES": 2,
        "DJANGO_SETTINGS_MODULE": "tests.system.settings",
    }
    name = f"supervised_{request.param}"
    with (
        broker(request.param, below=1) as chosen,
        running(name, programs=["supervise"], **settings, **chosen) as service,
    ):
        yield service


def _gone(processes: list[psutil.Process]) -> bool:
    return not any(map(alive, processes))


def _zombies(service: Service) -> list[psutil.Process]:
    """Dead processes that nobody has waited for."""
    below = psutil.Process(service.processes["supervise"].pid).children(recursive=True)
    return [one for one in below if one.is_running() and not alive(one)]


def _orphans(service: Service) -> list[psutil.Process]:
    """Live processes of this service that do not hang below its supervisor."""
    top = psutil.Process(service.processes["supervise"].pid)
    kept = {top, *top.children(recursive=True)}
    # Once more: what was being started while we looked is no orphan.
    return [one for one in service.leftovers() if one not in kept and one.ppid() == 1 and alive(one)]


def _works(service: Service) -> None:
    """Not a lucky task: as many conversations as all workers need twice, each to its end."""
    [[before]] = service.database.rows("SELECT coalesce(max(id), 0) FROM django_q_ormq")
    numbers = [new_number() for _ in range(2 * WORKERS)]
    for number in numbers:
        service.send(number, "Yes")
    for number in numbers:
        [batch] = service.wait_for_settled(number, seconds=60)
        assert batch.outcome == "replied"
    # And somebody records what was done, so that it leaves the queue (on Redis it has left already).
    queued = "SELECT id FROM django_q_ormq WHERE key = 'sms' AND id > %s"
    wait_until(lambda: not service.database.rows(queued, before), SOON, lambda: "tasks stay in the queue")


CASES = [("", fate) for fate in FATES] + [
    # The sweeper's workers are never idle: one leads and one stands by.
    ("sweep", fate)
    for fate in ("one_idle_worker", "all_idle_workers", "everything_below_the_sentinel", "sentinel", "main")
]


@pytest.mark.parametrize(("queue", "fate"), CASES, ids=[f"{queue or 'work'}-{fate}" for queue, fate in CASES])
def test_it_is_whole_again_and_leaves_nothing_behind(supervised: Service, queue: str, fate: str) -> None:
    cluster = Cluster(supervised, queue)
    cluster.fresh()

    lost = FATES[fate](cluster)

    wait_until(lambda: _gone(lost), SOON, lambda: f"still running: {lost}\n{supervised.logs()[-3000:]}")
    cluster.wait()
    wait_until(supervised.ready, SOON, lambda: f"not ready:\n{supervised.logs()[-3000:]}")
    _works(supervised)
    assert _orphans(supervised) == []
    wait_until(lambda: not _zombies(supervised), SOON, lambda: f"not waited for: {_zombies(supervised)}")


def test_a_pusher_that_is_killed_with_tasks_in_its_hands_loses_none(
    supervised: Service, gateway: Gateway
) -> None:
    """All workers wait for the provider, the queue is full, and the pusher waits for room with the next tasks."""
    cluster = Cluster(supervised)
    cluster.fresh()
    numbers = [new_number() for _ in range(4 * WORKERS)]
    gateway.behaviours |= dict.fromkeys(numbers[:WORKERS], "slow")
    for number in numbers:
        supervised.send(number, "Yes")
    wait_until(lambda: any(map(gateway.sent_to, numbers)), 20, supervised.logs)

    FATES["pusher"](cluster)

    settled = [supervised.wait_for_settled(number, seconds=90)[0].outcome for number in numbers]
    assert set(settled) <= {
        "replied",
        "unknown",
    }  # on a busy machine an answer may come too late; the SMS went out
    assert [len(gateway.sent_to(number)) for number in numbers] == [1] * len(numbers)


def test_a_worker_in_the_middle_of_a_call_does_not_cost_the_others_theirs(
    supervised: Service, gateway: Gateway
) -> None:
    """Why a dead worker does not end its node: the others' calls would be unknown as well."""
    cluster = Cluster(supervised)
    cluster.fresh()
    gateway.release.clear()
    held, lost = new_number(), new_number()
    gateway.behaviours |= {held: "hold", lost: "slow"}
    for number in (held, lost):
        supervised.send(number, "Yes")
    wait_until(lambda: gateway.sent_to(held) and gateway.sent_to(lost), 20, supervised.logs)

    port = next(one.client for one in gateway.sends if one.form["recipients"] == lost)
    for worker in cluster.children[:WORKERS]:
        if any(connection.laddr.port == port for connection in worker.net_connections("tcp")):
            worker.kill()
    gateway.release.set()

    assert supervised.wait_for_settled(held)[0].outcome == "replied"
    assert supervised.wait_for_settled(lost)[0].outcome == "unknown"


@pytest.mark.parametrize("fate", ["sentinel", "main"])
def test_a_call_outlives_the_node_that_makes_it(supervised: Service, gateway: Gateway, fate: str) -> None:
    """Cut off, it would be a reply that nobody knows of; the worker finishes it and is gone."""
    cluster = Cluster(supervised)
    cluster.fresh()
    gateway.release.clear()
    number = new_number()
    gateway.behaviours[number] = "hold"
    supervised.send(number, "Yes")
    wait_until(lambda: gateway.sent_to(number), 20, supervised.logs)

    lost = FATES[fate](cluster)
    wait_until(
        lambda: sum(map(alive, lost)) < 2, SOON, lambda: f"still running: {lost}"
    )  # the one that is in it
    gateway.release.set()

    [batch] = supervised.wait_for_settled(number)
    assert (batch.outcome, batch.attempts) == ("replied", 1)
    assert len(gateway.sent_to(number)) == 1
    wait_until(lambda: _gone(lost), SOON, lambda: f"still running: {lost}")


@pytest.mark.parametrize("part", ["one web process", "web server"])
def test_the_web_server_comes_back(supervised: Service, part: str) -> None:
    top = psutil.Process(supervised.processes["supervise"].pid)
    below = top.children(recursive=True)
    server = next(one for one in below if alive(one) and "smsconsolidator.web" in one.cmdline())
    processes = server.children()
    lost = [processes[-1]] if part == "one web process" else [server, *processes]

    (processes[-1] if part == "one web process" else server).kill()

    wait_until(lambda: _gone(lost), SOON, lambda: f"still running: {lost}")
    wait_until(supervised.ready, SOON, lambda: f"not ready:\n{supervised.logs()[-3000:]}")
    _works(supervised)
    assert _orphans(supervised) == []


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
