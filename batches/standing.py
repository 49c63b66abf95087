"""How the conversation of a batch stands: has its sender written on, has a person taken it over?

Asked in the transaction that is about to put a reply on its way. Subqueries of whatever statement has the batch at
hand, so that on a batch's ordinary way they cost no statement of their own.
"""

from dataclasses import dataclass

from django.db import connection

from batches.choices import BatchStatus
from classification import rows

# Who can still answer more than its own texts: nobody has begun it, and it is no command.
UNBEGUN = [BatchStatus.OPEN, BatchStatus.CLOSED]

_NEWER = f"""
(SELECT min(newer.id) FROM batches_batch newer
 WHERE newer.sender = batches_batch.sender AND newer.channel_id = batches_batch.channel_id
   AND newer.id > batches_batch.id AND newer.status IN ('{UNBEGUN[0]}', '{UNBEGUN[1]}')
   AND newer.label = '' AND newer.command = '')
"""  # noqa: S608 - fixed names only  # nosec B608
_TAKEOVER = """
(SELECT max(takeover.id) FROM batches_takeover takeover
 WHERE takeover.sender = batches_batch.sender AND takeover.channel_id = batches_batch.channel_id
   AND takeover.ended_at IS NULL AND takeover.until > {now})
"""


@dataclass(frozen=True)
class Standing:
    """The sender's next batch that nobody has begun yet, and the takeover in force; None: there is none."""

    newer: int | None
    takeover: int | None


def standing_columns() -> rows.Sql:
    """The fields of Standing, as columns of a statement on batches_batch."""
    return rows.Sql(f"{_NEWER}, {_TAKEOVER.format(now=rows.now())}")


def standing(batch_id: int) -> Standing:
    """How it stands now. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {standing_columns()} FROM batches_batch WHERE id = %s", [batch_id])  # noqa: S608  # nosec B608
        return Standing(*cursor.fetchone())
