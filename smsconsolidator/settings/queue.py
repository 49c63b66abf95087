"""The queue (django-q2)."""

from math import ceil
from typing import Any

from smsconsolidator.settings.given import ENV

# Call time-out < task time-out < lease < retry, in seconds. The reaper repeats lost work, not the broker.
TASK_TIMEOUT = 45
SWEEP_DURATION = 110


def _retry(workers: int, queue_limit: int, bulk: int, timeout: int) -> int:
    """How long a task may wait and run (seconds) before the broker may hand it out again.

    Measured on django-q2 1.11: the clock starts when a task is fetched, not when it begins, so it must cover the
    wait behind a full local queue as well. With less, a task would be handed out while it runs.
    """
    return (ceil((queue_limit + bulk) / workers) + 1) * (timeout + 3) + 16


Q_CLUSTER: dict[str, Any] = {
    "name": "sms",
    "workers": ENV.workers,
    "queue_limit": ENV.workers,
    "bulk": ENV.workers,
    "poll": 0.1,
    "timeout": TASK_TIMEOUT,
    "retry": _retry(ENV.workers, ENV.workers, ENV.workers, TASK_TIMEOUT),
    "ack_failures": True,
    "max_attempts": 1,
    "guard_cycle": 0.5,  # 0.1 and 0.7 switch the hard kill off: the timer is compared after float subtraction
    "catch_up": False,
    "recycle": 5000,
    "max_rss": 300_000,
    "save_limit": -1,  # the batches' own events are the record
    "label": "Queue",
    "ALT_CLUSTERS": {
        "sweep": {
            "workers": 2,
            "queue_limit": 1,
            "bulk": 1,
            "timeout": SWEEP_DURATION + 15,
            "retry": _retry(2, 1, 1, SWEEP_DURATION + 15),
        }
    },
}
if ENV.redis_url.get_secret_value():
    Q_CLUSTER["redis"] = ENV.redis_url_with_patience()
else:
    Q_CLUSTER |= {"orm": "default", "broker_class": "batches.broker.Broker"}
