"""How a sender and a channel stand at this moment: one look at all that may forbid a reply whatever was written.

One statement, for this is on every batch's way: what time it is by the database's clock, what the number said last
about consent, the switches, whether the sender is muted, and how much of each limit is used.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from classification import rows
from replies import consent
from replies.models import ConsentState

LEFT = {
    "postgresql": "CAST(extract(epoch FROM until - {now}) AS double precision)",
    "sqlite": "CAST((julianday(until) - julianday({now})) * 86400 AS double precision)",
}
EPOCH = {
    "postgresql": "CAST(extract(epoch FROM {now}) AS double precision)",
    "sqlite": "CAST((julianday({now}) - 2440587.5) * 86400 AS double precision)",
}
LOOK = """
SELECT 'now' AS about, '' AS name, '' AS words, 0 AS used, {epoch} AS remaining
UNION ALL
SELECT 'consent', state, '', 0, 0 FROM ({newest}) AS said
UNION ALL
SELECT 'stop', actor, reason, CASE WHEN channel_id IS NULL THEN 1 ELSE 0 END, 0 FROM
    (SELECT * FROM (SELECT * FROM replies_switch WHERE channel_id = %s ORDER BY id DESC LIMIT 1) AS own
     UNION ALL
     SELECT * FROM (SELECT * FROM replies_switch WHERE channel_id IS NULL ORDER BY id DESC LIMIT 1) AS common
    ) AS newest WHERE stopped
UNION ALL
SELECT 'mute', reason, '', 0, {left} FROM replies_mute WHERE channel_id = %s AND number = %s AND until > {now}
"""
USED = """
UNION ALL
SELECT 'used', scope, what, CAST(used AS double precision), {left} FROM classification_usage
WHERE until > {now} AND (scope, what) IN (VALUES {keys})
"""
Key = tuple[str, str]


@dataclass(frozen=True)
class Standing:
    """`stopped` and `muted` say why, for people; empty when they are not. What counts as nothing is left out."""

    opted_out: bool = False
    stopped: str = ""
    muted: str = ""
    used: Mapping[Key, float] = field(default_factory=dict)
    remaining: Mapping[Key, float] = field(default_factory=dict)  # seconds
    now: datetime = field(default_factory=timezone.now)  # the database's, once somebody has looked


def look(number: str, channel_id: int, keys: Collection[Key] = ()) -> Standing:
    """How they stand now; of what is used, that which is asked for."""
    now = rows.now()
    left = LEFT[connection.vendor].format(now=now)
    epoch = EPOCH[connection.vendor].format(now=now)
    statement = LOOK.format(newest=consent.NEWEST, now=now, left=left, epoch=epoch)
    parameters: list[Any] = [*consent.parameters(number, channel_id), channel_id, channel_id, number]
    if keys:
        statement += USED.format(now=now, left=left, keys=", ".join(["(%s, %s)"] * len(keys)))
        parameters += [part for key in keys for part in key]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return _standing(cursor.fetchall())


def _standing(found: list[tuple[str, str, str, float, float]]) -> Standing:
    [epoch] = [seconds for about, _, _, _, seconds in found if about == "now"]
    said = {name for about, name, *_ in found if about == "consent"}
    stops = [_stop(actor, why, where) for about, actor, why, where, _ in found if about == "stop"]
    mutes = [name for about, name, *_ in found if about == "mute"]
    counts = {(scope, what): (used, left) for about, scope, what, used, left in found if about == "used"}
    return Standing(
        opted_out=ConsentState.OPTED_OUT in said,
        stopped=stops[-1] if stops else "",
        muted=mutes[0] if mutes else "",
        used={key: used for key, (used, _) in counts.items()},
        remaining={key: left for key, (_, left) in counts.items()},
        now=datetime.fromtimestamp(epoch, UTC),
    )


def _stop(actor: str, reason: str, everywhere: float) -> str:
    where = "All replies are" if everywhere else "The channel is"
    return f"{where} stopped by {actor}: {reason}"
