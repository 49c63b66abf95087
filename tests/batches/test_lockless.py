"""What a node's processes share goes on working whoever of them is killed, and whenever."""

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from batches.lockless import Flag, Queue, Timer

FORK = multiprocessing.get_context("fork")
READERS = 4
KILLS = 150


@contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Iterator[BaseProcess]:
    started = FORK.Process(target=target, args=arguments, daemon=True)
    started.start()
    try:
        yield started
    finally:
        started.kill()
        started.join()


def _pass_on(tasks: Queue, results: Queue) -> None:
    while True:
        results.put(tasks.get())


def _feed(tasks: Queue) -> None:
    number = 0
    while True:
        tasks.put({"number": number, "pad": "x" * random.randrange(5000)})
        number += 1


def _collect(results: Queue, seconds: float) -> list[int]:
    """What arrives within `seconds`."""
    found, end = list[int](), time.monotonic() + seconds
    while time.monotonic() < end:
        if results.empty():
            time.sleep(0.001)
        else:
            found.append(results.get()["number"])
    return found


def test_readers_and_writers_that_are_killed_at_any_moment_stop_nobody_else() -> None:
    """Idle in get(), in the middle of one, in the middle of a put(): wherever the kill hits."""
    tasks, results = Queue(READERS), Queue()
    with process(_feed, tasks):
        readers = [FORK.Process(target=_pass_on, args=(tasks, results), daemon=True) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        seen = list[int]()
        for _ in range(KILLS):
            seen += _collect(results, random.random() * 0.02)
            victim = readers.pop(random.randrange(READERS))
            victim.kill()
            victim.join()
            readers.append(FORK.Process(target=_pass_on, args=(tasks, results), daemon=True))
            readers[-1].start()
        after = _collect(results, 1)
        for reader in readers:
            reader.kill()
            reader.join()

    seen += after
    assert after
    assert len(seen) == len(set(seen))
    assert (
        max(seen) + 1 - len(seen) <= KILLS + 3 * READERS
    )  # one in each victim's hands; those still under way


def test_a_full_queue_makes_its_writer_wait() -> None:
    tasks = Queue(3)
    with process(_feed, tasks):
        taken = [tasks.get()["number"] for _ in range(20)]
        time.sleep(0.3)
    while not tasks.empty():
        taken.append(tasks.get()["number"])

    assert taken == list(range(20 + 3))


def test_a_queue_keeps_order_and_whole_messages() -> None:
    queue = Queue()
    messages = ["STOP", {"id": 1}, "x" * 100_000]
    for message in messages[:2]:
        queue.put(message)
    assert not queue.empty()
    assert [queue.get(), queue.get()] == messages[:2]
    queue.put(messages[2])
    assert queue.get() == messages[2]
    assert queue.empty()


def test_a_message_that_is_too_large_is_refused_whole() -> None:
    queue = Queue()
    with pytest.raises(OSError, match="too long"):
        queue.put("x" * 10_000_000)
    assert queue.empty()


def test_a_flag_stays_set_and_is_seen_by_other_processes() -> None:
    flag = Flag()
    assert not flag.is_set()
    assert not flag.wait(0.01)
    with process(flag.set):
        assert flag.wait(10)
    assert flag.is_set()
    assert flag.wait(0)


def _work(timer: Timer, seconds: float) -> None:
    timer.value = seconds
    time.sleep(60)


@pytest.mark.parametrize(("seconds", "left"), [(0.2, 0), (-1, -1), (-2, -2), (0, 0)])
def test_a_timer_runs_down_by_itself(seconds: float, left: float) -> None:
    timer = Timer("f", -5)
    with process(_work, timer, seconds):
        end = time.monotonic() + 10
        while timer.value != left and time.monotonic() < end:
            with timer.get_lock():
                timer.value -= 100  # as the sentinel does; it is not its to write
            time.sleep(0.01)
        assert timer.value == left


def test_a_timer_tells_what_is_left() -> None:
    timer = Timer("f", -1)
    with process(_work, timer, 50):
        end = time.monotonic() + 10
        while timer.value == -1 and time.monotonic() < end:
            time.sleep(0.01)
        assert 30 < timer.value <= 50
    assert os.getpid() == timer._maker
