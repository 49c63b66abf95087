"""Published rule sets as rows: the only place that writes them and makes them live. Callers hold one_at_a_time()."""

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from classification.engines.rules.document import CategoryEntry, Document
from classification.engines.rules.engine import Rules, rules_of
from classification.models import Activation, Origin, RuleSet

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MIGRATE = "migrate"
CATEGORIES = TypeAdapter(list[CategoryEntry])


def digest(document: Document) -> str:
    """SHA-256 of the document's canonical JSON: equal rule sets have equal ones."""
    canonical = json.dumps(document.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class Unreadable(Exception):
    """A rule set that another version of the software has written; the message says which, for people."""


def parsed(row: RuleSet) -> Document:
    """Its document. Raises Unreadable."""
    try:
        return Document.model_validate(row.document)
    except ValidationError as error:
        raise _unreadable(row) from error


def _unreadable(row: RuleSet) -> Unreadable:
    return Unreadable(f"{row} cannot be read by this version of the software.")


def former_categories() -> dict[str, CategoryEntry]:
    """The categories of all rule sets by slug, each as the last one had it that knew it and can be read."""
    stored = RuleSet.objects.order_by("number").values_list("document__categories", flat=True)
    return {one.slug: one for entries in stored for one in _categories(entries)}


def _categories(entries: Any) -> list[CategoryEntry]:
    try:
        return CATEGORIES.validate_python(entries)
    except ValidationError:
        return []


def compiled(row: RuleSet) -> Rules:
    """Its rules, ready to read; its document may be deferred. Raises Unreadable."""
    try:
        return _compiled(row.digest)
    except ValidationError as error:
        raise _unreadable(row) from error
    except ValueError as error:  # a pattern that another version understood
        raise Unreadable(f"{row} cannot be used by this version of the software: {error}") from error


@lru_cache(maxsize=4)
def _compiled(digest: str) -> Rules:
    """The last few are kept: a published document never changes, and compiling one takes half a second."""
    document = RuleSet.objects.filter(digest=digest).values_list("document", flat=True)[0]
    return rules_of(Document.model_validate(document))


def live_row() -> RuleSet | None:
    """The live rule set's row, read from the database now."""
    newest = Activation.objects.order_by("-id").select_related("ruleset").first()
    return newest.ruleset if newest else None


def one_at_a_time() -> None:
    """Wait for whoever else is publishing or activating; until the caller's transaction ends nobody else is.

    The lock is the first rule set's row; the very first publication is kept apart by the unique number.
    """
    RuleSet.objects.select_for_update().order_by("number").only("id").first()


def insert(document: Document, *, origin: Origin, by: "User | None" = None, **told: Any) -> RuleSet:
    """A new row with the next number; `told` are its note, scores and override."""
    newest = RuleSet.objects.order_by("-number").values_list("number", flat=True).first()
    return RuleSet.objects.create(
        number=(newest or 0) + 1,
        document=document.model_dump(mode="json"),
        digest=digest(document),
        origin=origin,
        published_by=by,
        **told,
    )


def make_live(row: RuleSet, by: str) -> None:
    """From now on this one decides, on every node within live.BELIEVED seconds."""
    Activation.objects.create(ruleset=row, by=by[: Activation._meta.get_field("by").max_length])
