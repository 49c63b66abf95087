"""From the draft to a published rule set, and back to an earlier one."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from classification.engines.rules.checking import check_rules
from classification.engines.rules.document import Document
from classification.evaluation.comparison import Comparison, compare
from classification.models import Origin, RuleSet
from classification.rulesets import drafts, store
from classification.rulesets.drafts import DocumentInvalid
from classification.rulesets.live import live
from classification.rulesets.objections import objections_to

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

OVERRIDE = "classification.override_ruleset"


class Refused(Exception):
    """It was not published, or not made live; the message says why, for people. `problems` are more sentences.

    `comparisons` hold the measures that are worse, and the texts that are now read differently.
    """

    def __init__(
        self, message: str, problems: Sequence[str] = (), comparisons: Sequence[Comparison] = ()
    ) -> None:
        super().__init__(message)
        self.problems = list(problems)
        self.comparisons = list(comparisons)


def publish(user: "User", note: str, override: str = "", *, seen: str = "") -> RuleSet:
    """Make the draft the next rule set, live on every node within seconds. Not inside a transaction.

    `seen` is the digest of the draft that the user has looked at, if he has. `override` is the reason for publishing
    one that scores worse, for whoever may. Raises Refused.
    """
    document, live = _checked(seen)
    comparisons = compare(_usable(live), document)
    worse = [comparison for comparison in comparisons if comparison.fallen]
    if worse:
        _insist(user, override, worse)
    scores = {comparison.source: comparison.as_dict() for comparison in comparisons}
    told = {"note": note, "scores": scores, "override": override if worse else ""}
    with transaction.atomic(durable=True):
        row = _write(document, live, user, told)
    _follow(row, user)
    return row


def activate(ruleset: RuleSet, user: "User") -> None:
    """Make a published rule set live (again). Raises Refused."""
    _usable(ruleset)
    with transaction.atomic(durable=True):
        store.one_at_a_time()
        if store.live_row() == ruleset:
            raise Refused(f"{ruleset} is live already.")
        store.make_live(ruleset, user.get_username())
        note(user, f"{ruleset} made live", ruleset)
    _follow(ruleset, user)


def note(user: "User", message: str, ruleset: RuleSet | None = None) -> None:
    """A line in the admin's log, about a rule set or about the draft."""
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(RuleSet),
        object_id=str(ruleset.pk) if ruleset else None,
        object_repr=str(ruleset or "Draft"),
        action_flag=CHANGE,
        change_message=message,
    )


def _follow(row: RuleSet, user: "User") -> None:
    """This process uses it at once, the others soon."""
    live.cache_clear()
    told = {"number": row.number, "user": user.get_username()}
    log.info("RULE SET LIVE | Number: %(number)s | User: %(user)s", told)


def _usable(ruleset: RuleSet) -> Document:
    try:
        return store.compiled(ruleset).document
    except store.Unreadable as error:
        raise Refused(str(error)) from error


def _checked(seen: str) -> tuple[Document, RuleSet]:
    """The draft and the rule set that it is to replace."""
    try:
        document = drafts.draft()
    except DocumentInvalid as error:
        raise Refused("The draft is no rule set yet.", error.problems) from error
    if seen and seen != store.digest(document):
        raise Refused("The draft has changed since you looked at it. Look at it again.")
    live = store.live_row()
    if live is None:
        raise Refused("There is no live rule set: manage.py migrate publishes the shipped one.")
    if live.digest == store.digest(document):
        raise Refused("Nothing has changed: the draft says what the live rule set says.")
    if problems := check_rules(document):
        raise Refused("Some rules do not do what they say.", problems)
    if problems := objections_to(document):
        raise Refused("Some categories cannot be as they are.", problems)
    return document, live


def _insist(user: "User", override: str, worse: Sequence[Comparison]) -> None:
    fallen = ", ".join(measure for comparison in worse for measure in comparison.fallen)
    if not user.has_perm(OVERRIDE):
        raise Refused(f"The draft is worse than the live rule set: {fallen}.", comparisons=worse)
    if not override.strip():
        told = (
            f"The draft is worse than the live rule set: {fallen}. To publish it all the same, give a reason."
        )
        raise Refused(told, comparisons=worse)


def _write(document: Document, live: RuleSet, user: "User", told: dict[str, Any]) -> RuleSet:
    store.one_at_a_time()
    now = store.live_row()
    if now != live:
        raise Refused(f"{now} went live meanwhile. Look at the draft again.")
    row = store.insert(document, origin=Origin.DRAFT, by=user, **told)
    store.make_live(row, user.get_username())
    note(user, f"Published: {row}. {told['note']} {told['override']}".strip(), row)
    return row
