"""The switch that stops replies, thrown in one process while others send: nothing leaves from then on."""

import threading
import time

from tests.system.conftest import StartService
from tests.system.numbers import new_number
from tests.system.providers import Gateway
from tests.system.service import Service

AT_ONCE = 1.0  # seconds after which no node may send any more


def test_nothing_leaves_once_it_is_thrown(running: StartService, gateway: Gateway) -> None:
    with running("stop", CONSOLIDATION_WINDOW=1, CLASSIFICATION_MODE="rules", WORKERS=3) as service:
        numbers, over = list[str](), threading.Event()
        phones = threading.Thread(target=_write, args=(service, numbers, over))
        phones.start()
        try:
            service.wait_for_log("AUTO-REPLY SENT", 30)
            done = service.manage("stop_replies", "--reason", "it sends too much", "--json")
            thrown = time.time()
            assert done.returncode == 0, done.stderr
            time.sleep(3)
        finally:
            over.set()
            phones.join()
        settled = [service.wait_for_settled(number)[0] for number in numbers]
        late = [one for one in gateway.sends if one.form["recipients"] in numbers and one.at > thrown]
        assert all(one.at < thrown + AT_ONCE for one in late)
        reasons = [batch.replies[-1]["reason"] for batch in settled]
        assert reasons.count("stopped") >= 3
        assert set(reasons) == {"", "stopped"}
        assert "REPLIES STOPPED | Channel: every channel" in done.stdout + done.stderr + service.logs()


def _write(service: Service, numbers: list[str], over: threading.Event) -> None:
    """Five people a second, each once."""
    while not over.wait(0.2):
        numbers.append(new_number())
        service.send(numbers[-1], "Yes")
