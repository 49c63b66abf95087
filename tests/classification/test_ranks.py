"""Percentiles by nearest rank."""

import pytest

from classification.ranks import nearest_rank


@pytest.mark.parametrize(
    ("count", "percents"),
    [
        (1, {1: 1, 50: 1, 99: 1, 100: 1}),
        (2, {1: 1, 50: 1, 51: 2, 99: 2, 100: 2}),
        (100, {1: 1, 50: 50, 95: 95, 99: 99, 100: 100}),
        (101, {50: 51, 99: 100, 100: 101}),
    ],
)
def test_it_is_a_value_that_there_is(count: int, percents: dict[int, int]) -> None:
    ordered = range(1, count + 1)
    assert {percent: nearest_rank(ordered, percent) for percent in percents} == percents


def test_of_nothing_there_is_none() -> None:
    with pytest.raises(IndexError):
        nearest_rank([], 50)
