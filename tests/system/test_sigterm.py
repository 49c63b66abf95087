"""SIGTERM while the provider has not answered yet: the call is finished, then the node ends."""

import pytest

from tests.system.cluster import alive
from tests.system.providers import THANKS_FOR_CONFIRMING, Gateway
from tests.system.service import Service, wait_until


@pytest.mark.parametrize("times", [1, 2])
def test_a_call_under_way_is_finished(service: Service, sender: str, gateway: Gateway, times: int) -> None:
    gateway.behaviours[sender] = "hold"
    gateway.release.clear()
    service.send(sender, "Yes")
    wait_until(lambda: gateway.sent_to(sender), 20, service.logs)
    everybody, node = service.workers("worker"), service.processes.pop("worker")
    try:
        for _ in range(times):
            node.terminate()
            wait_until(lambda: not all(map(alive, everybody)), 20, service.logs)  # it has begun to stop
        gateway.release.set()
        assert node.wait(30) == 0
        [batch] = service.batches(sender)
    finally:
        gateway.release.set()
        service.start("worker")

    assert (batch.outcome, batch.attempts) == ("replied", 1)
    assert [(reply["status"], reply["attempt_count"]) for reply in batch.replies] == [("sent", 1)]
    assert gateway.sent_to(sender) == [THANKS_FOR_CONFIRMING]
