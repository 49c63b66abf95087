"""django-q2's cluster, of which nothing is left behind and nothing goes on half-dead.

As it comes, django-q2 1.11 leaves workers that go on working when its main process or its sentinel is killed, hangs
when SIGTERM reaches its whole process group, and never records a task again once its monitor was killed. Here every
process dies with its parent, SIGTERM is for the main process alone, and a dead monitor ends the cluster, which
whoever started it then starts anew.
"""

import ctypes
import logging
import os
import signal
import sys
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from django_q import cluster

from batches.sweep import stop_all

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # prctl(2)


class Sentinel(cluster.Sentinel):  # type: ignore[misc]  # django-q2 has no type hints
    """Watches over the workers, the pusher and the monitor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, start=False)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # inherited by every process that it starts
        self.start()

    def spawn_process(self, target: Any, *args: Any) -> BaseProcess:
        process: BaseProcess = super().spawn_process(target, *args)
        process.terminate = process.kill  # type: ignore[method-assign]  # what ignores SIGTERM is killed
        return process

    def reincarnate(self, process: BaseProcess) -> None:
        if process is self.monitor:
            log.critical("The cluster's monitor is dead, and so the cluster ends")
            os.kill(os.getpid(), signal.SIGKILL)  # and with this process, all that it has started
        super().reincarnate(process)


class Node(cluster.Cluster):  # type: ignore[misc]
    """The main process of one queue's workers."""

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; returns the exit code, which is not 0 when the cluster broke."""
        cluster.Sentinel = Sentinel  # the class that start() runs
        os.register_at_fork(after_in_child=_die_with_parent)
        self.start()
        self.sentinel.join()
        return int(self.sentinel.exitcode != 0)

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Let the workers finish what they are at; sweeps would run on for minutes if they were not told."""
        stop_all()
        super().sig_handler(signum, frame)


def _die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies, however it dies. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
