"""The switch that stops every reply, of one channel or of all, whoever wants to send it and however long it has waited.

It is asked in the transaction in which a reply is claimed for sending, so it holds for every node from the moment in
which it was thrown; only a call that is on its way already cannot be called back.
"""

import logging

from django.db import transaction
from django.db.models import Max

from replies.models import Switch

log = logging.getLogger(__name__)

BREAKER = "breaker"  # who has stopped a channel that sent too much


def throw(channel_id: int | None, *, stop: bool, reason: str, actor: str) -> bool:
    """Stop the replies of a channel or (None) of every one, or let them go on; False when that was so already."""
    with transaction.atomic():
        newest = Switch.objects.filter(channel=channel_id).order_by("-id").first()
        if (newest is not None and newest.stopped) == stop:
            return False
        row = Switch.objects.create(channel_id=channel_id, stopped=stop, reason=reason[:500], actor=actor)
    line = "REPLIES STOPPED" if stop else "REPLIES GO ON"
    fields = {"channel": row.channel or "every channel", "actor": actor, "reason": row.reason}
    level = logging.ERROR if stop else logging.WARNING
    told = f"{line} | Channel: %(channel)s | By: %(actor)s | Reason: %(reason)s"
    transaction.on_commit(lambda: log.log(level, told, fields))
    return True


def states() -> dict[int | None, Switch]:
    """The row that holds for every channel together (None), and for each that was ever switched by itself."""
    newest = Switch.objects.order_by().values("channel_id").annotate(newest=Max("id")).values("newest")
    return {row.channel_id: row for row in Switch.objects.filter(id__in=newest).select_related("channel")}


def stopped() -> list[Switch]:
    """What is stopped now, every channel together first."""
    found = [row for row in states().values() if row.stopped]
    return sorted(found, key=lambda row: str(row.channel or ""))
