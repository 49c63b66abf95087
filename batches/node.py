"""django-q2's cluster, of which nothing is left behind and nothing goes on half-dead.

As it comes, django-q2 1.11 leaves workers that go on working when its main process or its sentinel is killed, hangs
when SIGTERM reaches its whole process group or comes twice, and gives out or records no task again once a worker or
its monitor was killed at the wrong moment. Here

- main process or sentinel killed: every process dies with its parent (a worker when its conversation is done, see
  lifeline.py), and whoever started the node starts it anew;
- worker, pusher or monitor killed: the sentinel puts another in its place within half a second, and the others go on,
  for nothing that they share can be left locked (see lockless.py). Ending the whole node instead would cut off the
  calls that the other workers are making, and each of those may be a reply that then nobody knows of;
- SIGTERM is for the main process alone, as often as it comes, and to whomever else.
"""

import logging
import signal
import sys
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import Error
from django_q import cluster
from django_q.conf import Conf

from batches.lifeline import tie_children_to_parents
from batches.lockless import Flag, Queue, Timer
from batches.queue import SWEEP_QUEUE, enqueue_sweep
from batches.sweep import stop_all
from classification.services import preload

log = logging.getLogger(__name__)


def prepare() -> None:
    """Load what this queue's workers need, for the processes that are forked from this one to share.

    Before each fork: where a worker had to compile a rule set that was published since, a slow machine's would run out
    of time over it, and so would the one in its place.
    """
    if Conf.CLUSTER_NAME != SWEEP_QUEUE:
        preload()


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
        """Put another in the place of one that ended: recycled (exit code 0), dead, or beyond its time (none yet)."""
        role = {self.monitor: "monitor", self.pusher: "pusher"}.get(process, "worker")
        code = process.exitcode
        prepare()
        super().reincarnate(process)
        if code != 0:
            log.warning(
                "NODE | The %(role)s died (exit code %(code)s) and was replaced", {"role": role, "code": code}
            )
            self._replace_sweep()

    def _replace_sweep(self) -> None:
        """A sweep that may have died with a process is not waited for until the schedule's next turn (a minute)."""
        if Conf.CLUSTER_NAME == SWEEP_QUEUE:
            try:
                enqueue_sweep()
            except Error:
                log.exception("No sweep can be queued; the schedule will do it")


class Node(cluster.Cluster):  # type: ignore[misc]
    """The main process of one queue's workers."""

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; returns the exit code, which is not 0 when the cluster broke."""
        cluster.Sentinel = Sentinel  # the class that start() runs
        if sys.platform == "linux":
            _share_nothing_lockable()
            tie_children_to_parents()
        log.info(
            "STARTED | smsconsolidator %(version)s | node of queue %(queue)s",
            {"version": settings.VERSION, "queue": Conf.CLUSTER_NAME},
        )
        self.start()
        self.sentinel.join()
        return int(self.sentinel.exitcode != 0)

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Let the workers finish what they are at; sweeps would run on for minutes if they were not told."""
        stop_all()
        if self.stop_event is None:
            sys.exit(0)  # nothing has been started yet
        self.stop_event.set()  # and run() goes on waiting: a handler that waited would not survive a second signal


def _share_nothing_lockable() -> None:
    cluster.Queue, cluster.Event, cluster.Value = Queue, Flag, Timer
    Conf.QSIZE = False  # these queues do not count; the numbers would be for django-q2's own terminal monitor
