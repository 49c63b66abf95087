"""Ceilings of model calls and of what they cost: the rules decide where one is reached."""

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from classification import budget, ceilings, circuit
from classification.models import Ceiling, Circuit, Usage
from classification.services import classify
from tests.classification.circuit.conftest import let_the_wait_be_over
from tests.support.openai_server import OpenAIServer, http_error

pytestmark = pytest.mark.django_db
CHANNEL = 1


@pytest.fixture(autouse=True)
def model(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "k" * 20, server.url
        settings.CLASSIFICATION_MODE = "llm_then_rules"
        circuit.forget()
        budget._told.clear()
        yield server


def ceiling(most: str, meter: str = "model_calls", period: str = "day", *, together: bool = True) -> None:
    which: dict[str, Any] = {"channel": None, "together": together, "meter": meter, "period": period}
    Ceiling.objects.update_or_create(**which, defaults={"most": Decimal(most)})
    ceilings.live.cache_clear()


def test_rules_decide_when_no_call_is_left(model: OpenAIServer, caplog: pytest.LogCaptureFixture) -> None:
    ceiling("2")
    verdicts = [classify(["Yes"], channel_id=CHANNEL) for _ in range(4)]
    assert [one.engine for one in verdicts] == ["openai", "openai", "rules", "rules"]
    assert {one.label for one in verdicts} == {"agree"}
    assert verdicts[2].fallback_reason.startswith(
        "openai: ceiling: Model calls of all channels together in a day: 2"
    )
    assert len(model.requests) == 2
    loud = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(loud) == 1
    assert "CEILING REACHED" in loud[0].getMessage()


def test_it_refuses_with_the_breaker_switched_off_too(model: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_BREAKER_FAILURES = 0
    ceiling("0")
    assert classify(["Yes"], channel_id=CHANNEL).attempts[0].code == "ceiling"
    assert model.requests == []


def test_each_channel_has_its_own(model: OpenAIServer) -> None:
    ceiling("1", together=False)
    engines = [classify(["Yes"], channel_id=channel).engine for channel in (1, 1, 2, 2)]
    assert engines == ["openai", "rules", "openai", "rules"]


def test_money_is_counted_when_it_is_known(model: OpenAIServer) -> None:
    ceiling("0.0000001", "model_money", "month")
    assert classify(["Yes"], channel_id=CHANNEL).engine == "rules"
    ceiling("0.0001", "model_money", "month")
    first = classify(["Yes"], channel_id=CHANNEL)
    assert first.engine == "openai"
    assert first.cost is not None
    counted = Usage.objects.get(what="model_money/month").used
    assert abs(counted - first.cost) < Decimal("0.00001")
    while classify(["Yes"], channel_id=CHANNEL).engine == "openai":
        assert len(model.requests) < 5
    assert Usage.objects.get(what="model_money/month").used >= Decimal("0.0001")


@pytest.mark.parametrize("together", [True, False])
def test_a_call_that_the_circuit_keeps_back_is_not_counted(model: OpenAIServer, together: bool) -> None:
    ceiling("3", together=together)
    model.next(http_error(401))
    codes = [classify(["Yes"], channel_id=CHANNEL).attempts[0].code for _ in range(6)]
    assert codes == ["auth"] + ["circuit_open"] * 5
    assert set(Usage.objects.filter(what="model_calls/day").values_list("used", flat=True)) == {1}
    let_the_wait_be_over()
    assert [classify(["Yes"], channel_id=CHANNEL).engine for _ in range(3)] == ["openai", "openai", "rules"]


def test_what_the_ceiling_refuses_leaves_the_circuit_open(model: OpenAIServer) -> None:
    ceiling("1")
    model.next(http_error(401))
    codes = [classify(["Yes"], channel_id=CHANNEL).attempts[0].code for _ in range(2)]
    assert codes == ["auth", "ceiling"]
    assert Circuit.objects.get().state == "open"


def test_what_belongs_to_no_channel_is_not_counted(model: OpenAIServer) -> None:
    ceiling("0")
    assert classify(["Yes"]).engine == "openai"


def test_without_a_ceiling_nothing_is_counted(model: OpenAIServer) -> None:
    Ceiling.objects.all().delete()
    ceilings.live.cache_clear()
    assert classify(["Yes"], channel_id=CHANNEL).engine == "openai"
    assert not Usage.objects.exists()
