"""The queue of verdicts that a person should look at, the oldest first."""

from datetime import timedelta
from typing import TYPE_CHECKING

from cachetools.func import ttl_cache
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Value
from django.utils import timezone

from classification.models import Classification, Correction

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Who has judged something within this time is taken to be at it.
AT_IT = timedelta(minutes=10)
RECENT = 200  # corrections looked at to find out who that is
SHOWN = 99  # the highest number that is counted for the sidebar


def waiting() -> QuerySet[Classification]:
    """The verdicts that nobody has judged yet although somebody should, as far as their texts are still there."""
    judged = Correction.objects.filter(classification=OuterRef("pk"))
    return (
        Classification.objects.exclude(review="")
        .filter(~Exists(judged), batch__purged_at=None)
        .order_by("id")
    )


def next_for(reviewer: "User", after: int = 0) -> Classification | None:
    """The oldest one behind number `after`.

    Those who review at the same time share the queue by number, so that nobody judges what another has before him;
    when nothing is left of one's own share, one helps with the others'.
    """
    rest = waiting().filter(id__gt=after)
    people = sorted({reviewer.pk, *_at_it()})
    share = Value(len(people))
    mine = rest.annotate(turn=F("id") % share).filter(turn=people.index(reviewer.pk))
    return mine.first() or rest.first()


def left() -> dict[str, int]:
    """How many wait, for each reason."""
    counts = waiting().order_by("review").values_list("review").annotate(Count("id"))
    return dict(counts)


@ttl_cache(maxsize=1, ttl=30)
def about() -> str:
    """How many wait, for the sidebar: "99+" at most, at most half a minute old."""
    count = len(waiting().order_by("-id").values_list("id")[: SHOWN + 1])
    return f"{SHOWN}+" if count > SHOWN else str(count or "")


def _at_it() -> set[int]:
    since = timezone.now() - AT_IT
    recent = Correction.objects.order_by("-id").values_list("reviewer_id", "at")[:RECENT]
    return {reviewer for reviewer, at in recent if at > since}
