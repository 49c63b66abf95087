"""The rule set in force: the one that the newest activation names, as this process knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from classification.believed import UNREADABLE, believed
from classification.engines.rules.document import CategoryEntry, Document
from classification.engines.rules.engine import Rules
from classification.labels import Meaning
from classification.models import Activation, RuleSet
from classification.rulesets import store

# Seconds for which a process believes what it has read; so long it takes until every node follows.
BELIEVED = 2.0


@dataclass(frozen=True)
class Live:
    """A published rule set, compiled. `id` is its row's, None for one that is not in the database."""

    id: int | None
    number: int
    rules: Rules

    @property
    def document(self) -> Document:
        return self.rules.document

    def category(self, label: str) -> CategoryEntry | None:
        """The category of a label; for one that is there no more, as the last rule set had it that knew it."""
        return self.document.category(label) or self._former.get(label)

    def counts_as(self, label: str) -> Meaning:
        """What a label is where only agreement and refusal matter; what is no category is neither."""
        category = self.category(label)
        return category.counts_as if category else Meaning.NEUTRAL

    @cached_property
    def categories(self) -> Mapping[str, CategoryEntry]:
        """Those of this rule set, then all that any label in the record may name."""
        return {one.slug: one for one in self.document.categories} | {
            slug: one for slug, one in self._former.items() if not self.document.category(slug)
        }

    @cached_property
    def _former(self) -> Mapping[str, CategoryEntry]:
        return store.former_categories()


@believed("The live rule set", BELIEVED, failures=(*UNREADABLE, LookupError, store.Unreadable))
def live() -> Live:
    """The rule set in force, at most BELIEVED seconds old; while the database is away, the one that was.

    Compiled only if it is not the one that is known. As long as this process knows no earlier one it raises
    LookupError (none was ever published), store.Unreadable, and what the database raises.
    """
    newest = Activation.objects.order_by("-id").values_list("ruleset_id", flat=True).first()
    if newest is None:
        raise LookupError("no rule set has been published: manage.py migrate publishes the shipped one")
    known: Live | None = live.last
    if known and known.id == newest:
        return known
    row = RuleSet.objects.defer("document").get(pk=newest)
    return Live(row.pk, row.number, store.compiled(row))
