"""Whatever comes in between, and whoever dies: each message is stored once, each batch settles, nobody hears twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from replies.senders import memory
from tests.properties.effort import effort
from tests.properties.faults import FAULTS
from tests.properties.life import Life

STEPS = 40  # in one life, at most


@pytest.fixture
def life(transactional_db: None, settings: Any) -> Iterator[type[Life]]:
    # Set once: each setting that pytest-django's fixture changes is another layer upon all before it.
    settings.SMS_AUTO_REPLY_ENABLED, settings.CLASSIFICATION_MODE = True, "rules"
    settings.ADAPTIVE_WINDOW = "on"
    yield Life
    memory.reset()


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(transactional_db: None) -> Iterator[None]:
    """No process here dies for real, so nobody has to wait until PostgreSQL has written its log to disk."""
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql":
        connection.close()
        options["options"] = "-c synchronous_commit=off"
    yield
    options.pop("options", None)


@pytest.mark.timeout(3600)
def test_nothing_is_lost_and_nobody_hears_twice(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=effort(50, stateful_step_count=STEPS))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_it_would_notice(life: type[Life], monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    name, broken, noticed_by = FAULTS[fault]
    monkeypatch.setattr(f"tests.properties.life.{name}", broken)
    quick = effort(300, stateful_step_count=STEPS, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(life, settings=quick)
    names = [entry.name for entry in caught.traceback]
    assert noticed_by in names, (names, caught.value)
