"""What the conversation itself has against an automatic reply just now, whatever the rules for replies allow.

Asked in the transaction that would begin to send, so what was committed before it counts.
"""

from batches import superseding
from batches.standing import Standing
from batches.takeovers import TAKEN_OVER
from batches.work import Work
from replies.case import Decision


def objection(work: Work, standing: Standing, unchanged: Decision | None = None) -> Decision:
    """ALLOWED, or the first that holds: a person answers himself, nothing new was said, its sender wrote on."""
    if standing.takeover is not None:
        return TAKEN_OVER
    return unchanged or superseding.give_way(work.batch, standing)
