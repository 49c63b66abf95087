"""The switch that stops replies, thrown in one process while others send: nothing leaves from then on.

What is promised is that no node begins a call once it had a second to hear of it. So the rows are compared, in which
one clock, the database's, has written when the switch was thrown and when each call was begun: how long a call that was
on its way takes to arrive says something about the machine, and nothing about the switch.
"""

import threading
import time
from datetime import datetime, timedelta

from tests.system.conftest import StartService
from tests.system.database import query
from tests.system.numbers import new_number
from tests.system.providers import Gateway
from tests.system.service import Service

AT_ONCE = timedelta(seconds=1)  # after which no node may begin a call


def test_nothing_leaves_once_it_is_thrown(running: StartService, gateway: Gateway) -> None:
    with running("stop", CONSOLIDATION_WINDOW=1, CLASSIFICATION_MODE="rules", WORKERS=3) as service:
        numbers, over = list[str](), threading.Event()
        phones = threading.Thread(target=_write, args=(service, numbers, over))
        phones.start()
        try:
            service.wait_for_log("AUTO-REPLY SENT", 30)
            done = service.manage("stop_replies", "--reason", "it sends too much", "--json")
            assert done.returncode == 0, done.stderr
            time.sleep(3)
        finally:
            over.set()
            phones.join()
        settled = [service.wait_for_settled(number)[0] for number in numbers]
        [thrown] = _times(service, "at", "replies_switch")
        begun = _times(service, "started_at", "replies_replyattempt")
        assert max(begun) < thrown + AT_ONCE
        arrived = [one for one in gateway.sends if one.form["recipients"] in numbers]
        assert len(arrived) == len(begun), "something left of which no row tells"
        reasons = [batch.replies[-1]["reason"] for batch in settled]
        assert reasons.count("stopped") >= 3
        assert set(reasons) == {"", "stopped"}
        assert "REPLIES STOPPED | Channel: every channel" in done.stdout + done.stderr + service.logs()


def _times(service: Service, column: str, table: str) -> list[datetime]:
    """As the database wrote them, by its own clock."""
    return [datetime.fromisoformat(str(row[column])) for row in query(service.database, [column], table)]


def _write(service: Service, numbers: list[str], over: threading.Event) -> None:
    """Five people a second, each once."""
    while not over.wait(0.2):
        numbers.append(new_number())
        service.send(numbers[-1], "Yes")
