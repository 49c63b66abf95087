"""What django-q2 calls: thin, with ids only."""

from django.conf import settings

from batches import pipeline
from batches import sweep as sweeping
from batches.lifeline import finishing
from batches.reporting import mailing
from batches.retention import purging


def sweep() -> dict[str, int]:
    """The scheduled task: see sweep.py."""
    return sweeping.sweep(settings.SWEEP_DURATION)


def process_batch(batch_id: int) -> None:
    """Classify one closed batch and answer it: see pipeline.py."""
    with finishing():
        pipeline.process(batch_id, actor="worker")


def mail_report() -> int:
    """Send the daily report to whom it has not reached yet: see reporting/mailing.py."""
    return mailing.send_due()


def purge_messages() -> int:
    """Empty some of the texts that are older than they are to be kept: see retention/purging.py."""
    return purging.purge_all()
