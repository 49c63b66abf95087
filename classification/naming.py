"""What labels are called and how they look, wherever people see them.

It lives in the lowest application so that all others can build on it.
"""

from collections.abc import Iterable, Mapping

from classification.labels import NO_CATEGORIES, Label, Meaning
from classification.rulesets.live import live

# unfold's names of colours, by what a label counts as.
TONES: dict[str, str] = {
    Meaning.AGREE: "success",
    Meaning.DISAGREE: "danger",
    Meaning.NEUTRAL: "info",
    Label.UNDECIDED: "warning",
}


def name_of(label: str) -> str:
    """The category's name; a label without one stands for itself."""
    if label in NO_CATEGORIES:
        return NO_CATEGORIES[label]
    category = live().category(label) if label else None
    return category.name if category else label


def kind_of(label: str) -> str:
    """Its key in TONES; empty where nothing has been said yet."""
    if label in ("", Label.UNDECIDED):
        return label
    return str(live().counts_as(label))


def shown(label: str) -> tuple[str, str]:
    """For unfold's display(label=TONES)."""
    return kind_of(label), name_of(label)


def told(matters: Iterable[Mapping[str, str]]) -> list[str]:
    """Matters as a verdict's row keeps them, each by its category's name and the words that say so, if any are kept."""
    named = ((name_of(matter["label"]), matter["text"]) for matter in matters)
    return [f"{name}: “{text}”" if text else name for name, text in named]


def all_labels() -> list[tuple[str, str]]:
    """Every label that a record may hold, with its name: the live ones first, what is no category last."""
    categories = live().categories.values()
    return [*((one.slug, one.name) for one in categories), *NO_CATEGORIES.items()]
