"""The death of a parent, with processes that really die."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from smsconsolidator.env import BASE_DIR

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux' own")
GRACE = 1.5
SOON = 10  # a bound for a busy machine, not a measurement
# A parent with one child, which is told what to do, says that it is at it, and says when it is done.
PROGRAM = """
import os, sys, time
from batches import lifeline
lifeline.GRACE_SECONDS, lifeline.CALL_SECONDS = float(sys.argv[2]), float(sys.argv[4])
lifeline.tie_children_to_parents()
folder, seconds = sys.argv[1], float(sys.argv[3])
if not os.fork():
    if seconds:
        with lifeline.finishing():
            open(folder + "/begun", "w").write(str(os.getpid()))
            time.sleep(seconds)
            lifeline.before_a_call()
            open(folder + "/done", "w").close()
    else:
        with lifeline.finishing():
            pass
        open(folder + "/begun", "w").write(str(os.getpid()))
    time.sleep(600)
os.wait()
"""


def _orphan(
    folder: Path, seconds: float, grace: float = GRACE, call: float = 0.1
) -> tuple[psutil.Process, float]:
    """A child that is at something that takes so many seconds, and when its parent has died."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(grace), str(seconds), str(call)]
    with subprocess.Popen(command, cwd=BASE_DIR) as parent:
        begun = folder / "begun"
        end = time.monotonic() + SOON
        while not (begun.exists() and begun.read_text()) and time.monotonic() < end:
            time.sleep(0.02)
        child = psutil.Process(int(begun.read_text()))
        parent.send_signal(signal.SIGKILL)
    return child, time.monotonic()


def _gone(child: psutil.Process) -> bool:
    return not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def _wait_until_gone(child: psutil.Process) -> None:
    end = time.monotonic() + SOON
    while not _gone(child):
        assert time.monotonic() < end, "the orphan lives on"
        time.sleep(0.02)


def test_who_has_nothing_in_hand_dies_at_once(tmp_path: Path) -> None:
    child, died = _orphan(tmp_path, 0, grace=SOON)
    _wait_until_gone(child)
    assert time.monotonic() - died < SOON


def test_who_is_at_something_finishes_it_and_then_dies(tmp_path: Path) -> None:
    child, _ = _orphan(tmp_path, 0.7)
    _wait_until_gone(child)
    assert (tmp_path / "done").exists()


def test_who_has_too_little_time_for_a_call_begins_none(tmp_path: Path) -> None:
    child, died = _orphan(tmp_path, 2, grace=SOON * 3, call=SOON * 3)
    _wait_until_gone(child)
    assert time.monotonic() - died < SOON
    assert not (tmp_path / "done").exists()


def test_whose_parent_lives_begins_calls(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(GRACE), "1", str(SOON * 3)]
    with subprocess.Popen(command, cwd=BASE_DIR) as parent:
        end = time.monotonic() + SOON
        while not (tmp_path / "done").exists() and time.monotonic() < end:
            time.sleep(0.02)
        parent.kill()
    assert (tmp_path / "done").exists()


def test_who_takes_too_long_dies_all_the_same(tmp_path: Path) -> None:
    child, died = _orphan(tmp_path, 300)
    assert not _gone(child)
    _wait_until_gone(child)
    assert time.monotonic() - died > GRACE * 0.9
    assert not (tmp_path / "done").exists()
