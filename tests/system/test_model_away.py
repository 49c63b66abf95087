"""The model goes away and comes back: batches settle by rules meanwhile, and hardly anybody asks in vain."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.openai_server import OpenAIServer, answer, http_error
from tests.system.conftest import StartService
from tests.system.numbers import new_number
from tests.system.service import Batch, Service, wait_until

FAILURES = 3
WORKERS = 2
CROWD = 12
WAIT = 4  # seconds


@dataclass(frozen=True)
class Outage:
    """What a system did while the model answered 500, and how often it asked."""

    service: Service
    model: OpenAIServer
    batches: list[Batch]
    calls: int


def _crowd(service: Service, size: int) -> list[Batch]:
    """So many people write at the same time; their batches when all are settled."""
    numbers = [new_number() for _ in range(size)]
    for number in numbers:
        service.send(number, "Yes, I will come")
    return [service.wait_for_settled(number)[0] for number in numbers]


@pytest.fixture(scope="module")
def outage(running: StartService) -> Iterator[Outage]:
    """The circuit stays open long enough for the crowd to pass, whatever else the machine does."""
    with (
        OpenAIServer(http_error(500)) as model,
        running(
            "away",
            OPENAI_BASE_URL=model.url,
            OPENAI_BREAKER_FAILURES=FAILURES,
            OPENAI_BREAKER_SECONDS=600,
            WORKERS=WORKERS,
        ) as service,
    ):
        batches = _crowd(service, CROWD)
        yield Outage(service, model, batches, len(model.requests))


def test_everybody_is_answered_by_rules(outage: Outage) -> None:
    verdicts = [verdict for batch in outage.batches for verdict in batch.classifications]
    assert {batch.outcome for batch in outage.batches} == {"replied"}
    assert [(verdict["engine"], verdict["label"]) for verdict in verdicts] == [("rules", "agree")] * CROWD


def test_hardly_anybody_asks_the_model(outage: Outage) -> None:
    reasons = [batch.classifications[0]["fallback_reason"].split(": ")[1] for batch in outage.batches]
    asked = reasons.count("server_error")
    assert FAILURES <= asked < FAILURES + WORKERS  # the other workers' calls were under way
    assert reasons.count("circuit_open") == CROWD - asked
    assert outage.calls == 2 * asked  # each with its second try


def test_the_log_tells_it_once(outage: Outage) -> None:
    line = "MODEL CIRCUIT OPEN | Engine: openai | Reason: server_error | Next try: in 600 s"
    assert outage.service.logs().count(line) == 1


def test_the_system_stays_ready_and_says_why_the_model_is_not_asked(outage: Outage) -> None:
    answered = outage.service.http.get(f"http://127.0.0.1:{outage.service.port}/readyz", timeout=5)
    assert answered.status_code == 200
    told = answered.json()["model"]
    assert (told["state"], told["last_error"]) == ("open", "server_error")


def test_of_several_worker_processes_one_tries(outage: Outage) -> None:
    """The last to use the outage: the wait is over for a crowd that comes at once."""
    over = "Circuit.objects.update(next_try_at=Now())"
    imports = "from classification.models import Circuit; from classification.clock import Now"
    assert outage.service.manage("shell", "-c", f"{imports}; {over}").returncode == 0

    before = len(outage.model.requests)
    batches = _crowd(outage.service, CROWD)

    reasons = [batch.classifications[0]["fallback_reason"].split(": ")[1] for batch in batches]
    assert sorted(reasons) == ["circuit_open"] * (CROWD - 1) + ["server_error"]
    assert len(outage.model.requests) - before == 2  # with its second try


def test_it_tries_again_when_the_wait_is_over_and_uses_the_model_when_it_is_back(
    running: StartService,
) -> None:
    """Real seconds: the wait ends, one worker asks, and everybody else goes on with rules."""
    away = {"OPENAI_BREAKER_FAILURES": 1, "OPENAI_BREAKER_SECONDS": WAIT, "WORKERS": WORKERS}
    with (
        OpenAIServer(http_error(500)) as model,
        running("back", OPENAI_BASE_URL=model.url, **away) as service,
    ):
        _crowd(service, WORKERS)
        wait_until(lambda: service.logs().count("MODEL CIRCUIT OPEN") == 1, 10, service.logs)

        def tried_in_vain() -> bool:
            _crowd(service, 1)
            return f"Next try: in {2 * WAIT} s" in service.logs()

        wait_until(tried_in_vain, 60, service.logs)
        model.default = answer("agree")

        def used_again() -> bool:
            return [one["engine"] for one in _crowd(service, 1)[0].classifications] == ["openai"]

        wait_until(used_again, 60, service.logs)
        service.wait_for_log("MODEL CIRCUIT CLOSED | Engine: openai | By: an answer")
        engines = [batch.classifications[0]["engine"] for batch in _crowd(service, 4)]
        assert engines == ["openai"] * 4
