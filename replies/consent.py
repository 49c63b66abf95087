"""Who may be sent automatic replies. The ledger is append-only: the newest row about a number and a channel holds."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from classification import rows
from classification.pseudonym import known_as
from replies.models import Consent, ConsentSource, ConsentState

ACCOUNT = "account"  # of OPT_OUT_SCOPE

# Written out for the reason that classification.rows gives: this is on every batch's way. Each of a number's two names
# is looked up alone: with `number IN (…)` a planner may rather walk all rows from the newest back.
_NEWEST_OF = """
SELECT * FROM (
    SELECT id, state FROM replies_consent WHERE number = %s AND (channel_id = %s OR channel_id IS NULL)
    ORDER BY id DESC LIMIT 1
) AS {}"""
NEWEST = f"{_NEWEST_OF.format('plain')} UNION ALL {_NEWEST_OF.format('erased')} ORDER BY 1 DESC LIMIT 1"
# In one order for everybody, so that two who name the same numbers cannot lock each other out.
_LOCK = """
SELECT pg_advisory_xact_lock(one) FROM
    (SELECT DISTINCT hashtextextended(number, 0) AS one FROM unnest(%s::text[]) AS number ORDER BY one) AS wanted
"""


def parameters(number: str, channel_id: int) -> list[Any]:
    """What goes with NEWEST, which gives `id, state` of the row that holds for a number on a channel."""
    return [value for name in known_as(number) for value in (name, channel_id)]


def newest(number: str, channel_id: int | None) -> Consent | None:
    """The row that holds for the number on the channel; without one, the last about the number anywhere."""
    return _about(number, channel_id).first()


def lock(numbers: Collection[str]) -> None:
    """Let nobody else write about these numbers until the caller's transaction ends.

    On SQLite it is the only one that writes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [list(numbers)])


def scope(channel_id: int) -> int | None:
    """What a message on this channel is said about: the channel, or every one (OPT_OUT_SCOPE)."""
    return None if settings.OPT_OUT_SCOPE == ACCOUNT else channel_id


def write(
    *,
    number: str,
    channel_id: int | None,
    state: ConsentState,
    changed: bool,
    source: ConsentSource,
    words: str,
    actor: str,
    message_id: int | None = None,
    said_at: datetime | None = None,
) -> None:
    """Add a row, in the caller's transaction. Call lock() before asking what it changes."""
    row: dict[str, Any] = {
        "number": number,
        "channel_id": channel_id,
        "state": state,
        "changed": changed,
        "source": source,
        "words": words,
        "actor": actor,
        "message_id": message_id,
        "said_at": said_at or rows.now(),
    }
    rows.insert(Consent, row)


def decide(
    number: str, channel_id: int | None, state: ConsentState, *, source: ConsentSource, words: str, actor: str
) -> None:
    """Opt a number out or in, on one channel or (None) on every one, because somebody here says so."""
    with transaction.atomic():
        lock([number])
        before = newest(number, channel_id)
        was = before.state if before else ConsentState.OPTED_IN
        write(
            number=number,
            channel_id=channel_id,
            state=state,
            changed=was != state,
            source=source,
            words=words,
            actor=actor,
        )


def history(number: str) -> QuerySet[Consent]:
    """All that was ever said about a number, the newest first."""
    return _about(number, None).select_related("channel")


def changed_by(batch_id: int) -> bool:
    """Whether the batch's messages said anything about consent that was new."""
    return Consent.objects.filter(message__batch_id=batch_id, changed=True).exists()


def _about(number: str, channel_id: int | None) -> QuerySet[Consent]:
    rows = Consent.objects.filter(number__in=known_as(number)).order_by("-id")
    return rows if channel_id is None else rows.filter(Q(channel_id=channel_id) | Q(channel=None))
