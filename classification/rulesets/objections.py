"""What the applications above have against a category: they know what can be sent, this one does not."""

from collections.abc import Callable, Iterable

from classification.engines.rules.document import CategoryEntry, Document

# Each gives field and sentence for whatever is wrong. An application adds its own when it comes up.
CHECKS: list[Callable[[CategoryEntry], Iterable[tuple[str, str]]]] = []


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
