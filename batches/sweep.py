"""The sweep: closes batches on time and queues again what was dropped.

django-q2's scheduler cannot be precise (it looks every 30 s), so the scheduled task is a loop. One process leads, one
stands by, further ones leave. Leading only spares work: closing is safe whoever does it, and however many.
"""

import logging
import time
from multiprocessing.sharedctypes import RawValue
from uuid import UUID, uuid4

from django.db import Error, connection
from django.db.models import DurationField, ExpressionWrapper, F

from batches import schedules
from batches.choices import BatchStatus
from batches.clock import Now
from batches.closing import close_due, end_impossible_leases, reap
from batches.housekeeping import prune
from batches.leases import LEADER, STANDBY, TTL, is_held, release, take
from batches.models import Batch
from batches.queue import SWEEP_QUEUE, backlog, enqueue_sweep
from batches.window_watch import WindowWatch
from classification.outage import is_outage

log = logging.getLogger(__name__)

RENEW = 0.5  # seconds between two renewals of a lease
STANDBY_CHECK = 0.3  # seconds between two looks at the leader's lease
OVERLAP = 2 * STANDBY_CHECK  # seconds that a leaving leader goes on closing, until the standby has seen it go
LEAD = 50  # seconds that a leader leads, at most, while somebody stands by
HELD_ROW_NAP = 0.005  # seconds, when what is due is just being written to by a webhook
PRUNE_EVERY = 60  # seconds

# Set in the node's main process, read by its workers (forked from it): a lock-free flag, so that a killed reader
# cannot block the writer.
_stopping = RawValue("b", 0)


def stop_all() -> None:
    """Ask every sweep of this node to finish within a second."""
    _stopping.value = 1


def sweep(duration: float) -> dict[str, int]:
    """Lead or stand by for `duration` seconds; returns how many batches were closed and queued again."""
    return _Sweep().run(duration)


class _Sweep:
    def __init__(self) -> None:
        self.holder: UUID = uuid4()
        self.counts = {"closed": 0, "requeued": 0}
        self.pruned_at = 0.0
        self.windows = WindowWatch()
        self.leads_since: float | None = None

    def run(self, duration: float) -> dict[str, int]:
        end = time.monotonic() + duration
        if not self._find_role():
            self._hand_on()
            return self.counts
        while not self._over(end) and not self._relieved():
            try:
                self._turn(end)
            except Error as error:
                if not is_outage(error):
                    raise
                log.exception("The sweep cannot reach the database; trying again")
                connection.close()
                time.sleep(RENEW)
        self._leave()
        return self.counts

    def _over(self, end: float) -> bool:
        return bool(_stopping.value) or time.monotonic() >= end

    def _find_role(self) -> bool:
        """Leader or standby; a role whose holder has died is free one TTL later, so wait that long before leaving."""
        give_up = time.monotonic() + TTL.total_seconds() + RENEW
        while not self._over(give_up):
            if take(LEADER, self.holder) or take(STANDBY, self.holder):
                return True
            time.sleep(STANDBY_CHECK)
        return False

    def _turn(self, end: float) -> None:
        if not take(LEADER, self.holder):
            take(STANDBY, self.holder)
            self.leads_since = None
            time.sleep(STANDBY_CHECK)
            return
        if self.leads_since is None:
            self._begin_to_lead()
        self._lead(min(time.monotonic() + RENEW, end))

    def _begin_to_lead(self) -> None:
        """Leave the standby's role, and have somebody sent for it: the schedule alone would leave gaps."""
        self.leads_since = time.monotonic()
        release(STANDBY, self.holder)
        if not backlog(SWEEP_QUEUE):
            enqueue_sweep()

    def _relieved(self) -> bool:
        """Whether we have led long enough and somebody stands by, with more of its time left than we have."""
        led = 0.0 if self.leads_since is None else time.monotonic() - self.leads_since
        return led >= LEAD and is_held(STANDBY)

    def _lead(self, renew_at: float) -> None:
        """Close what falls due until it is time to renew the lease."""
        self.counts["requeued"] += reap()
        self._prune()
        while (left := renew_at - time.monotonic()) > 0 and not _stopping.value:
            wait = until_next_due()
            closed = close_due() if wait <= 0 else 0
            self.counts["closed"] += closed
            moved = self.windows.look()
            if not closed and not moved:
                time.sleep(min(left, max(wait, HELD_ROW_NAP)))

    def _prune(self) -> None:
        if time.monotonic() - self.pruned_at > PRUNE_EVERY:
            self.pruned_at = time.monotonic()
            end_impossible_leases()
            schedules.recall()
            prune()

    def _leave(self) -> None:
        release(STANDBY, self.holder)
        release(LEADER, self.holder)
        self._hand_on()
        if not _stopping.value:
            self._lead(time.monotonic() + OVERLAP)

    def _hand_on(self) -> None:
        """A node that stops may have had both roles: another node's turn by the schedule is up to a minute away."""
        if _stopping.value and not backlog(SWEEP_QUEUE):
            enqueue_sweep()


def until_next_due() -> float:
    """Seconds until the next window is over, at most RENEW: a new batch is never due sooner than its window."""
    left = ExpressionWrapper(F("closes_at") - Now(), output_field=DurationField())
    open_batches = Batch.objects.filter(status=BatchStatus.OPEN).order_by("closes_at")
    nearest = open_batches.annotate(left=left).values_list("left", flat=True).first()
    return RENEW if nearest is None else min(RENEW, nearest.total_seconds())
