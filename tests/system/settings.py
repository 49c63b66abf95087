"""The project's settings with the times of a task scaled down, so that a lease runs out in seconds, not minutes.

The same system checks hold: call time-outs (from the environment) < task time-out < BATCH_LEASE_SECONDS < retry.
"""

import os

from smsconsolidator.settings import *  # noqa: F403
from smsconsolidator.settings import Q_CLUSTER

TASK_TIMEOUT = int(os.environ.get("TEST_TASK_TIMEOUT", "4"))
Q_CLUSTER["timeout"] = TASK_TIMEOUT
