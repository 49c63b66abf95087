"""Flags on batches: what somebody should know of them, whatever their status is."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Collate, Concat

from batches import history
from batches.choices import EventKind, Flag
from batches.models import Batch


def flag(
    batch_ids: Iterable[int],
    word: Flag,
    actor: str,
    data: Mapping[str, Any],
    event: EventKind = EventKind.FLAGGED,
) -> list[int]:
    """Flag those batches, whatever their status, that have not this flag already; gives their ids.

    They are locked in the order in which ingest takes them, by their senders' code points, so that neither locks the
    other out.
    """
    order = Collate("sender", "C") if connection.vendor == "postgresql" else F("sender")
    with transaction.atomic(savepoint=False):
        named = Batch.objects.select_for_update().filter(id__in=list(batch_ids))
        ids = list(named.exclude(flags__contains=word).order_by(order, "id").values_list("id", flat=True))
        if ids:
            flags = Case(
                When(flags="", then=Value(word.value)), default=Concat("flags", Value(f",{word.value}"))
            )
            Batch.objects.filter(id__in=ids).update(flags=flags)
            history.note(ids, event, actor, data)
    return ids
