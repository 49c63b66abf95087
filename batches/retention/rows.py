"""Blanking what hangs on some batches, in the caller's transaction. The one caller of the record's named door."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from batches.choices import SETTLED
from batches.clock import Now
from batches.models import Batch
from batches.querysets import BatchQuerySet
from batches.retention.inventory import PLACES, Place, Rewrite
from classification.append_only import AppendOnlyQuerySet
from replies.models import Reply


def lock_settled(ids: Collection[int]) -> list[int]:
    """Those of the batches that are settled and in nobody's hands, locked; replies before them, as by everybody."""
    list(Reply.objects.select_for_update().filter(batch__in=ids).order_by("id").values_list("id", flat=True))
    settled = Batch.objects.select_for_update(skip_locked=True).filter(id__in=ids, status__in=SETTLED)
    return list(settled.order_by("id").values_list("id", flat=True))


def next_by_time(
    rows: BatchQuerySet, last: tuple[datetime, int] | None, count: int
) -> list[tuple[datetime, int]]:
    """The next `count` batches in order of time, behind `last`, which an index on the time finds."""
    if last:
        at, batch_id = last
        rows = rows.filter(opened_at__gte=at).filter(Q(opened_at__gt=at) | Q(id__gt=batch_id))
    return list(rows.order_by("opened_at", "id").values_list("opened_at", "id")[:count])


def blank(ids: Collection[int]) -> None:
    """Empty every text of these batches and of what hangs on them, and say so on the batch."""
    for place in PLACES:
        rows = of(place, ids)
        change(rows, **place.blank)
        for name, rewrite in place.rewrite.items():
            _rewrite(rows, name, rewrite)
    Batch.objects.filter(id__in=ids).update(purged_at=Now())


def of(place: Place, ids: Collection[int]) -> QuerySet[Any]:
    """The rows of a place that hang on these batches."""
    return place.model._default_manager.filter(**{f"{place.batch or 'id'}__in": list(ids)})


def change(rows: QuerySet[Any], **values: Any) -> None:
    """UPDATE, also of rows that nobody else may change."""
    if not values:
        return
    if isinstance(rows, AppendOnlyQuerySet):
        rows.redact_rows(**values)
    else:
        rows.update(**values)


def _rewrite(rows: QuerySet[Any], name: str, rewrite: Rewrite) -> None:
    """Replace JSON by what `rewrite` leaves of it; rows that become equal are written at once."""
    found: dict[str, list[int]] = {}
    for row_id, value in rows.order_by().values_list("id", name):
        if (left := rewrite(value)) != value:
            found.setdefault(json.dumps(left), []).append(row_id)
    for left, ids in found.items():
        change(rows.model._default_manager.filter(id__in=ids), **{name: json.loads(left)})
