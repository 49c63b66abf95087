"""The rehearsal's verdict sees each way in which a roll-out may go wrong."""

from collections.abc import Sequence
from typing import Any

import pytest

from bench.traffic import Message
from chaos.outside import FINE, Call
from deploy.rehearsal.clients import Told
from deploy.rehearsal.verdict import BATCHES, STORED, Verdict, judge

ANA, BEN = "+639170000001", "+639170000002"


class Rows:
    """A database's answers to the verdict's two questions."""

    def __init__(self, stored: Sequence[tuple[str, str]], batches: Sequence[tuple[str, str]]) -> None:
        self.answers = {STORED: list(stored), BATCHES: list(batches)}

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self.answers[statement])


def told(guid: str, answer: int | str = 200, sender: str = ANA) -> Told:
    return Told(Message(guid, sender, "Yes"), answer, 0.01)


def call(to: str = ANA) -> Call:
    return Call(0.0, to, "Thanks", "", 1, FINE, accepted=True)


def verdict(
    told: Sequence[Told],
    stored: Sequence[tuple[str, str]],
    batches: Sequence[tuple[str, str]],
    calls: Sequence[Call],
) -> Verdict:
    return judge(told, Rows(stored, batches), calls)  # type: ignore[arg-type]


def test_all_is_well() -> None:
    found = verdict(
        [told("a"), told("b")], [("a", ANA), ("b", ANA), ("z", BEN)], [(ANA, "replied"), (BEN, "")], [call()]
    )
    assert found.clean
    assert (found.requests, found.batches) == (2, 1)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("refused", verdict([told("a", 502)], [("a", ANA)], [(ANA, "replied")], [call()])),
        ("refused", verdict([told("a", "ConnectionError")], [("a", ANA)], [(ANA, "replied")], [call()])),
        ("lost", verdict([told("a"), told("b")], [("a", ANA)], [(ANA, "replied")], [call()])),
        ("repeated", verdict([told("a")], [("a", ANA), ("a", ANA)], [(ANA, "replied")], [call()])),
        ("doubled", verdict([told("a")], [("a", ANA)], [(ANA, "replied")], [call(), call()])),
        ("unanswered", verdict([told("a")], [("a", ANA)], [(ANA, "unknown")], [call()])),
    ],
)
def test_a_fault_is_seen(field: str, found: Verdict) -> None:
    assert getattr(found, field) == 1
    assert not found.clean


def test_a_run_without_a_request_shows_nothing() -> None:
    assert not verdict([], [], [], []).clean
