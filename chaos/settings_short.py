"""The same with a task's times scaled down, so that within a short run many batches are taken over.

The system checks hold: call time-outs (from the environment) < task time-out < BATCH_LEASE_SECONDS < retry.
"""

from chaos.settings import *  # noqa: F403
from smsconsolidator.settings import Q_CLUSTER

TASK_TIMEOUT = 12
Q_CLUSTER["timeout"] = TASK_TIMEOUT
