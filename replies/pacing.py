"""Turns at a provider: not more replies a minute than it takes (SMS_SENDS_PER_MINUTE), on all machines together.

One row per provider holds the time of the next free turn. Taking one moves it on in a single statement, so that two
who ask at once get two turns. A turn that its owner does not use is lost, which only makes us slower.
"""

from django.conf import settings
from django.db import connection

from classification.rows import now

CLOSE_ENOUGH = 0.2  # seconds: no reason to put a batch aside
TAKE = {
    "postgresql": """
INSERT INTO replies_pace AS pace (provider, next_at) VALUES (%s, {now} + make_interval(secs => %s))
ON CONFLICT (provider) DO UPDATE SET next_at = greatest(pace.next_at, {now}) + make_interval(secs => %s)
RETURNING extract(epoch FROM next_at - {now})
""",
    "sqlite": """
INSERT INTO replies_pace AS pace (provider, next_at)
VALUES (%s, strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now', %s || ' seconds'))
ON CONFLICT (provider) DO UPDATE
SET next_at = strftime('%%Y-%%m-%%d %%H:%%M:%%f000', max(pace.next_at, {now}), %s || ' seconds')
RETURNING (julianday(next_at) - julianday('now')) * 86400
""",
}


def wait_for_turn(provider: str) -> float:
    """Take the next turn and say in how many seconds it is; 0 is now."""
    if not settings.SMS_SENDS_PER_MINUTE:
        return 0
    apart = 60 / settings.SMS_SENDS_PER_MINUTE
    with connection.cursor() as cursor:
        cursor.execute(TAKE[connection.vendor].format(now=now()), [provider, apart, apart])
        [until_next] = cursor.fetchone()
    wait = float(until_next) - apart
    return wait if wait > CLOSE_ENOUGH else 0
