"""What there is against a category. The applications above add to it: they know what can be sent, this one does not."""

from collections.abc import Callable, Iterable

from classification.engines.rules.document import CategoryEntry, Document
from classification.labels import Meaning


def default_confirms(category: CategoryEntry) -> Iterable[tuple[str, str]]:
    """Whatever nobody understands, and every agreement in doubt, would be confirmed as an agreement."""
    if category.is_default and category.counts_as == Meaning.AGREE:
        yield (
            "counts_as",
            "The default category must not count as agreement: it is for what nobody understands.",
        )


def own_opposite(category: CategoryEntry) -> Iterable[tuple[str, str]]:
    """A negator would change nothing."""
    if category.opposite == category.slug:
        yield "opposite", "A category cannot be its own opposite."


# Each gives field and sentence for whatever is wrong. An application adds its own when it comes up.
CHECKS: list[Callable[[CategoryEntry], Iterable[tuple[str, str]]]] = [default_confirms, own_opposite]


def objections(category: CategoryEntry) -> list[tuple[str, str]]:
    """Field and sentence for all that is wrong with it."""
    return [found for check in CHECKS for found in check(category)]


def objections_to(document: Document) -> list[str]:
    """The same of every category, category and field named."""
    return [
        f"category {category.slug}, {field}: {problem}"
        for category in document.categories
        for field, problem in objections(category)
    ]
