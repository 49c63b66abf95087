"""A node of which processes are taken away: it is whole again within seconds, works, and has left nothing behind.

The states in which django-q2 by itself freezes or leaves orphans, caused for real under the project's supervisor.
"""

from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.cluster import FATES, SHORT, SOON, WORKERS, Cluster, alive
from tests.system.conftest import BROKERS, StartService, broker
from tests.system.numbers import new_number
from tests.system.providers import Gateway
from tests.system.service import Service, wait_until


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
