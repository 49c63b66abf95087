import threading

import pytest

from classification.deadline import call_with_deadline


def test_it_returns_what_the_function_returns() -> None:
    assert call_with_deadline(10, lambda: 7) == 7


def test_it_raises_what_the_function_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        call_with_deadline(10, lambda: 1 // 0)


def test_it_waits_no_longer_than_the_deadline() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError):
        call_with_deadline(0.05, never.wait)
    never.set()
