"""Whatever comes in between, and whoever dies: each message is stored once, each batch settles, nobody hears twice."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.effort import STEPS, effort
from tests.properties.life import Life


@pytest.mark.timeout(3600)
def test_nothing_is_lost_and_nobody_hears_twice(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=effort(30, stateful_step_count=STEPS))
