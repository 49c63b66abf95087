"""Many requests at once, to more than one web process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psutil  # type: ignore[import-untyped]
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.system.conftest import StartService
from tests.system.service import Service, wait_until

POSTS, THREADS = 100, 20


@pytest.fixture(scope="module")
def service(running: StartService) -> Iterator[Service]:
    with running("parallel", CONSOLIDATION_WINDOW=60, WEB_PROCESSES=2) as started:
        yield started


def _post_all(service: Service, number: str) -> list[int]:
    """100 messages of one sender from 20 threads, each on connections of its own; how many each post stored."""

    def post(index: int) -> int:
        body = {"message": f"text {index}", "number": number, "guid": f"{number}-{index}"}
        answer = requests.post(service.url, json=body, headers=service.http.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["processed"])

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(post, range(POSTS)))


def _figures(service: Service) -> dict[str, float]:
    """What Prometheus reads, each time from whichever process answers."""
    answer = requests.get(f"http://127.0.0.1:{service.port}/metrics", timeout=20)
    assert answer.status_code == 200, answer.text
    return {
        " ".join([sample.name.removeprefix("smsconsolidator_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_it_makes_one_batch_of_a_hundred_parallel_posts(service: Service, sender: str) -> None:
    stored = _post_all(service, sender)
    again = _post_all(service, sender)
    [batch] = service.batches(sender)

    assert (sum(stored), sum(again)) == (POSTS, 0)
    assert sorted(batch.texts) == sorted(f"text {index}" for index in range(POSTS))


def test_one_guid_at_two_nodes_at_once_is_one_message(service: Service, sender: str, tmp_path: Path) -> None:
    """A web process puts together what it is given at once: only two of them ask the database at once."""
    with Service(tmp_path, service.database, ["web"], CONSOLIDATION_WINDOW=60, WEB_PROCESSES=1) as other:
        nodes = [service, other] * 25
        assert _post_one_guid(nodes, sender) == (1, 49)
        [batch] = service.batches(sender)
        closing = f"from batches.closing import close_now; close_now([{batch.id}], 'test')"
        assert service.manage("shell", "-c", closing).returncode == 0
        service.wait_for_settled(sender)
        assert _post_one_guid(nodes, sender) == (0, 50)

    [batch] = service.batches(sender)
    assert (batch.outcome, batch.texts) == ("replied", ["Yes"])
    repeats = "SELECT repeats FROM batches_message WHERE batch_id = %s"
    assert service.database.rows(repeats, batch.id) == [(99,)]


def _post_one_guid(nodes: list[Service], number: str) -> tuple[int, int]:
    """The same message to each of them, all at once; how often it was stored and how often known already."""
    body = {"message": "Yes", "number": number, "guid": f"{number}-again"}
    ready = Barrier(len(nodes))

    def post(node: Service) -> dict[str, int]:
        ready.wait()
        answer = requests.post(node.url, json=body, headers=node.http.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    with ThreadPoolExecutor(len(nodes)) as threads:
        answers = list(threads.map(post, nodes))
    return sum(one["processed"] for one in answers), sum(one["skipped"] for one in answers)


def test_each_process_tells_the_figures_of_all_and_a_killed_ones_stay(service: Service, sender: str) -> None:
    def all_counted() -> bool:
        return _figures(service)["events_behind"] == 0

    wait_until(all_counted, 20, service.logs)
    before = _figures(service)
    _post_all(service, sender)
    wait_until(all_counted, 20, service.logs)
    for _ in range(10):
        told = _figures(service)
        assert told["webhook_messages_total stored"] - before.get("webhook_messages_total stored", 0) == POSTS
        requests_seen = told["webhook_request_duration_seconds_count 200"]
        assert requests_seen - before.get("webhook_request_duration_seconds_count 200", 0) == POSTS
        assert told["messages_total default"] - before.get("messages_total default", 0) == POSTS
    assert told["processes web"] >= 3  # the main process and two that answer
    assert told["processes worker"] >= 2
    assert told["processes sweeper"] >= 2

    for process in service.workers("web"):
        process.kill()
        psutil.wait_procs([process], 10)
        wait_until(service._lives, 20, service.logs)
        now = _figures(service)
        assert now["webhook_messages_total stored"] == told["webhook_messages_total stored"]
        assert now["messages_total default"] == told["messages_total default"]
