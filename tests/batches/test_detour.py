"""When deliveries go by the spool, and how they stop to."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from batches import detour as module
from batches.detour import Detour


@pytest.fixture
def detour(monkeypatch: pytest.MonkeyPatch) -> Detour:
    monkeypatch.setattr(module, "HOLD_SECONDS", 0.2)
    return Detour()


def test_it_goes_straight_while_all_is_well(detour: Detour) -> None:
    assert detour.over()


def test_nobody_waits_while_the_database_is_away(detour: Detour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HOLD_SECONDS", 60)
    detour.begin(away=True)
    assert not detour.over()


def test_a_delivery_waits_for_a_detour_that_is_ending(
    detour: Detour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HOLD_SECONDS", 60)
    detour.begin()
    detour.ending()
    with ThreadPoolExecutor() as threads:
        delivery = threads.submit(detour.over)
        detour.end_when(lambda: True)
        assert delivery.result(10)


def test_it_gives_up_waiting(detour: Detour) -> None:
    detour.begin()
    detour.ending()
    assert not detour.over()


def test_what_waits_is_let_go_when_the_database_goes_away_again(
    detour: Detour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HOLD_SECONDS", 60)
    detour.begin()
    detour.ending()
    with ThreadPoolExecutor() as threads:
        delivery = threads.submit(detour.over)
        detour.begin(away=True)
        assert not delivery.result(10)


def test_it_goes_on_while_somebody_is_on_the_way_into_the_spool(detour: Detour) -> None:
    entered, leave = threading.Event(), threading.Event()

    def spool() -> None:
        with detour.entered():
            entered.set()
            leave.wait(10)

    with ThreadPoolExecutor() as threads:
        threads.submit(spool)
        entered.wait(10)
        detour.end_when(lambda: True)
        assert detour.on
        leave.set()
    detour.end_when(lambda: True)
    assert not detour.on
