"""Settings that would break the promises, refused before the service starts."""

from math import ceil
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


def retry_needed(cluster: dict[str, Any]) -> int:
    """The least `retry` (seconds) with which the broker hands no task out twice.

    Measured on django-q2 1.11: the clock starts when a task is fetched, not when it begins, so it must cover the
    wait behind a full local queue as well.
    """
    turns: int = ceil((cluster["queue_limit"] + cluster["bulk"]) / cluster["workers"]) + 1
    return turns * (int(cluster["timeout"]) + 3)


@register()
def check_retry(**_kwargs: Any) -> list[CheckMessage]:
    """batches.E001: a task could be handed out while it still runs."""
    main = settings.Q_CLUSTER
    clusters = {"Q_CLUSTER": main} | {name: main | alt for name, alt in main.get("ALT_CLUSTERS", {}).items()}
    return [
        Error(
            f"{name}: retry is {cluster['retry']} s, but tasks may wait and run for {retry_needed(cluster)} s",
            hint="Raise retry, or lower timeout or queue_limit.",
            id="batches.E001",
        )
        for name, cluster in clusters.items()
        if cluster["retry"] <= retry_needed(cluster)
    ]


@register()
def check_times(**_kwargs: Any) -> list[CheckMessage]:
    """batches.E002: call time-out < task time-out < lease, or work is taken from somebody who is still at it."""
    calls = 2 * settings.OPENAI_TIMEOUT + settings.SMS_TIMEOUT  # the model's client tries twice
    send_in_time = settings.SMS_TIMEOUT < settings.BATCH_LEASE_SECONDS / 2  # a send's own lease
    if calls < settings.TASK_TIMEOUT < settings.BATCH_LEASE_SECONDS and send_in_time:
        return []
    return [
        Error(
            f"OPENAI_TIMEOUT and SMS_TIMEOUT allow {calls} s, a task may take {settings.TASK_TIMEOUT} s, and the lease"
            f" is {settings.BATCH_LEASE_SECONDS} s: each must be less than the next",
            hint="Lower the time-outs or raise BATCH_LEASE_SECONDS.",
            id="batches.E002",
        )
    ]
