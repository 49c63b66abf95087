"""Threads that arrive while one writes are written together, each gets its own outcome, and none waits for ever."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import OperationalError

from batches.group_commit import GroupCommit


class Refused(Exception):
    """What a bad job meets."""


class Writer:
    """Writes words, remembers the groups, and can be held up."""

    def __init__(self, limit: int = 100) -> None:
        self.groups: list[list[str]] = []
        self.go = Event()
        self.entered = Event()
        self.commit: GroupCommit[str, str] = GroupCommit(self.write, limit)

    def write(self, words: Sequence[str]) -> list[str]:
        self.groups.append(list(words))
        self.entered.set()
        assert self.go.wait(30)
        if "bad" in words:
            raise Refused
        if "away" in words:
            raise OperationalError("the database is away")
        return [word.upper() for word in words]


def together(writer: Writer, words: Sequence[str]) -> list[str | BaseException | None]:
    """Submit the first word, and the others while it is being written."""
    with ThreadPoolExecutor(max_workers=len(words)) as pool:
        futures = [pool.submit(writer.commit.submit, words[0])]
        assert writer.entered.wait(30)
        for number, word in enumerate(words[1:], start=1):
            futures.append(pool.submit(writer.commit.submit, word))
            while len(writer.commit._waiting) < number:
                pass
        writer.go.set()
        return [future.exception(30) or future.result(30) for future in futures]


def test_it_writes_at_once_when_alone() -> None:
    writer = Writer()
    writer.go.set()
    assert [writer.commit.submit("a"), writer.commit.submit("b")] == ["A", "B"]
    assert writer.groups == [["a"], ["b"]]


def test_it_writes_together_what_waits() -> None:
    writer = Writer()
    assert together(writer, ["a", "b", "c", "d"]) == ["A", "B", "C", "D"]
    assert writer.groups == [["a"], ["b", "c", "d"]]


def test_it_keeps_a_group_within_its_limit() -> None:
    writer = Writer(limit=4)
    together(writer, ["a", "bb", "cc", "d", "much too long"])
    assert writer.groups == [["a"], ["bb", "cc"], ["d"], ["much too long"]]


def test_nobody_fails_for_somebody_elses_job() -> None:
    writer = Writer()
    good, bad = together(writer, ["a", "good", "bad"])[1:]
    assert good == "GOOD"
    assert isinstance(bad, Refused)
    assert writer.groups == [["a"], ["good", "bad"], ["good"], ["bad"]]


def test_all_fail_at_once_when_the_database_is_away() -> None:
    writer = Writer()
    outcomes = together(writer, ["a", "b", "away"])[1:]
    assert all(isinstance(outcome, OperationalError) for outcome in outcomes)
    assert writer.groups == [["a"], ["b", "away"]]


def test_it_goes_on_after_a_failure() -> None:
    writer = Writer()
    writer.go.set()
    with pytest.raises(Refused):
        writer.commit.submit("bad")
    assert writer.commit.submit("a") == "A"
