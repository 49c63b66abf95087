"""Many requests at once, to more than one web process."""

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.system.conftest import StartService
from tests.system.service import Service

POSTS, THREADS = 100, 20


def _post_all(service: Service, number: str) -> list[int]:
    """100 messages of one sender from 20 threads, each on connections of its own; how many each post stored."""

    def post(index: int) -> int:
        body = {"message": f"text {index}", "number": number, "guid": f"{number}-{index}"}
        answer = requests.post(service.url, json=body, headers=service.http.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["processed"])

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(post, range(POSTS)))


def test_it_makes_one_batch_of_a_hundred_parallel_posts(running: StartService, sender: str) -> None:
    with running("parallel", CONSOLIDATION_WINDOW=60, WEB_PROCESSES=2) as service:
        stored = _post_all(service, sender)
        again = _post_all(service, sender)
        [batch] = service.batches(sender)

    assert (sum(stored), sum(again)) == (POSTS, 0)
    assert sorted(batch.texts) == sorted(f"text {index}" for index in range(POSTS))
