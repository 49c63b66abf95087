"""`manage.py qnode`: the workers of one queue on this machine; Q_CLUSTER_NAME=sweep makes them the sweeping ones."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django_q.conf import Conf

from batches.node import Node, prepare
from batches.queue import SWEEP_QUEUE, enqueue_sweep


class Command(BaseCommand):
    help = "Runs the workers of one queue until SIGTERM or Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if Conf.CLUSTER_NAME == SWEEP_QUEUE:
            enqueue_sweep()  # the scheduler's first look is half a minute away
        prepare()  # once, instead of once in each worker's first task
        sys.exit(Node().run())
