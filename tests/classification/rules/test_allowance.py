"""What regular expressions may cost."""

from time import sleep
from typing import Any, cast

import pytest
import regex

from classification.engines.rules.allowance import CONVERSATION_SECONDS, Allowance

SLOW, QUICK = regex.compile("(?:a|aa|aaa)+c"), regex.compile("ok")


class Stalled:
    """An expression that is searched for on a machine which does something else meanwhile."""

    def search(self, text: str, timeout: float) -> Any:
        sleep(CONVERSATION_SECONDS)
        return QUICK.search(text, timeout=timeout)


def test_a_machine_that_stalls_takes_nothing_from_it() -> None:
    allowance = Allowance()
    for _ in range(3):
        assert allowance.search(cast("regex.Pattern[str]", Stalled()), "it is ok")


def test_one_expression_has_less_than_all_together() -> None:
    allowance = Allowance()
    with pytest.raises(TimeoutError):
        allowance.search(SLOW, "a" * 400)
    assert allowance.search(QUICK, "it is ok")


def test_when_it_is_spent_nothing_is_searched_for() -> None:
    allowance = Allowance()
    for _ in range(10):
        with pytest.raises(TimeoutError):
            allowance.search(SLOW, "a" * 400)
    with pytest.raises(TimeoutError):
        allowance.search(QUICK, "it is ok")
