"""Writing a batch's history: each step is told in the transaction that makes it."""

from collections.abc import Iterable, Mapping
from typing import Any

from batches.choices import EventKind
from batches.models import BatchEvent
from classification import rows


def note(
    batch_ids: Iterable[int], kind: EventKind | str, actor: str, data: Mapping[str, Any] | None = None
) -> None:
    """Write one event for each batch, in the caller's transaction. The database's clock dates it."""
    rows.insert(BatchEvent, *(event(batch_id, kind, actor, data) for batch_id in batch_ids))


def note_all(batch_id: int, actor: str, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write several events of one batch, in order, in the caller's transaction."""
    rows.insert(BatchEvent, *(event(batch_id, kind, actor, data) for kind, data in entries))


def event(
    batch_id: int, kind: EventKind | str, actor: str, data: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """One as it is inserted: for those who write it in the statement of the change it tells."""
    return {"batch_id": batch_id, "at": rows.now(), "kind": kind, "actor": actor, "data": dict(data or {})}


def admin(name: str) -> str:
    """How the history calls somebody who did it in the admin."""
    return f"admin:{name}"[: BatchEvent._meta.get_field("actor").max_length]
