"""A judge that finds nothing would prove nothing: it notices each of these."""

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.effort import STEPS, effort
from tests.properties.faults import FAULTS
from tests.properties.life import Life


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
