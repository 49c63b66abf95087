"""The rule set that comes with the software: stored by every migration, and live unless somebody's own is."""

from typing import Any

from django.db import IntegrityError, connections, transaction

from classification.engines.rules.packs import shipped
from classification.models import Origin, RuleSet
from classification.rulesets import drafts, store

NOTE = "Came with the software."


def sync(using: str = "default", **_kwargs: Any) -> None:
    """Publish the shipped rule set if this version brings another one, and fill the draft if it is empty.

    It goes live unless an operator's own is; that one is never replaced.
    """
    if RuleSet._meta.db_table not in connections[using].introspection.table_names():
        return  # another application alone is being migrated
    try:
        _sync()
    except IntegrityError:  # another node is migrating, and was first
        _sync()


def newest_shipped() -> RuleSet | None:
    """The shipped rule set of the version that was installed last."""
    return RuleSet.objects.filter(origin=Origin.SHIPPED).order_by("-number").first()


def waiting() -> RuleSet | None:
    """A shipped rule set that is newer than the live one, which stayed because it is an operator's own."""
    live, newest = store.live_row(), newest_shipped()
    return newest if live and newest and newest.number > live.number else None


@transaction.atomic
def _sync() -> None:
    store.one_at_a_time()
    newest = newest_shipped()
    if newest is None or newest.digest != store.digest(shipped()):
        _publish(store.live_row())
    live = store.live_row()
    if live and drafts.is_empty():
        drafts.load(store.parsed(live))


def _publish(live: RuleSet | None) -> None:
    """A draft that nobody has touched follows the live one."""
    row = store.insert(shipped(), origin=Origin.SHIPPED, note=NOTE)
    if live is None or live.origin == Origin.SHIPPED:
        store.make_live(row, store.MIGRATE)
        if live and drafts.is_like(live.digest):
            drafts.load(shipped())
