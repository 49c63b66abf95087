"""`manage.py qnode`: one django-q2 cluster of this machine; Q_CLUSTER_NAME=sweep makes it the sweeping one."""

from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django_q.cluster import Cluster
from django_q.conf import Conf

from batches.queue import SWEEP_QUEUE, enqueue_sweep
from batches.sweep import stop_all


class Node(Cluster):  # type: ignore[misc]  # django-q2 has no type hints
    """django-q2's cluster, whose sweeps stop with it: it would wait for them to run out (110 s)."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        stop_all()
        super().sig_handler(signum, frame)


class Command(BaseCommand):
    help = "Runs the workers of one queue until SIGTERM or Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if Conf.CLUSTER_NAME == SWEEP_QUEUE:
            enqueue_sweep()
        Node().start()
