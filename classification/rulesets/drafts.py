"""The draft: the rows that people edit, as a document and back."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, get_origin

from django.db import models, transaction
from django.db.models import Q
from pydantic import ValidationError

from classification.engines.rules.document import CategoryEntry, Document, Entry, RuleEntry, Word
from classification.models import Category, LexiconEntry, Rule
from classification.rulesets import plainly
from classification.rulesets.store import digest

# The document's parts: what one of it is called, its table, its entry, and what tells one from the others.
PARTS: dict[str, tuple[str, type[models.Model], type[Entry], tuple[str, ...]]] = {
    "categories": ("category", Category, CategoryEntry, ("slug",)),
    "rules": ("rule", Rule, RuleEntry, ("name",)),
    "lexicon": ("word", LexiconEntry, Word, ("kind", "language", "term")),
}


class DocumentInvalid(Exception):
    """It is no rule set. `problems` are sentences that name entry and field."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def draft() -> Document:
    """The draft as it stands, without what is switched off. Raises DocumentInvalid."""
    rows: dict[str, models.QuerySet[Any]] = {
        "categories": Category.objects.filter(enabled=True).select_related("opposite"),
        "rules": Rule.objects.filter(enabled=True).select_related("category"),
        "lexicon": LexiconEntry.objects.all(),
    }
    return read({part: [as_entry(row) for row in found] for part, found in rows.items()})


def read(data: Any) -> Document:
    """`data` (of our rows, or out of somebody's file) as a document. Raises DocumentInvalid."""
    try:
        return Document.model_validate(data)
    except ValidationError as error:
        raise DocumentInvalid([_told(*problem, data) for problem in plainly.problems(error)]) from error


def as_entry(row: models.Model) -> dict[str, Any]:
    """What the document says of a row. Raises AttributeError for a field without a column: it would be lost."""
    entry = next(entry for _, table, entry, _ in PARTS.values() if isinstance(row, table))
    return {name: _out(getattr(row, name), lines=lines) for name, lines in _fields(entry).items()}


@cache
def _fields(entry: type[Entry]) -> dict[str, bool]:
    """An entry's fields, and whether a column holds one of them as lines."""
    return {name: get_origin(field.annotation) is tuple for name, field in entry.model_fields.items()}


def is_empty() -> bool:
    """Whether there is no draft at all."""
    return not Category.objects.exists() and not Rule.objects.exists()


def is_like(known: str) -> bool:
    """Whether it says what the document with this digest says, and nothing in it is switched off."""
    off = Q(enabled=False)
    if Category.objects.filter(off).exists() or Rule.objects.filter(off).exists():
        return False
    try:
        return digest(draft()) == known
    except DocumentInvalid:
        return False


@transaction.atomic
def load(document: Document) -> None:
    """Make the draft say what `document` says. What it does not say goes, also what is switched off."""
    Category.objects.update(is_default=False, opposite=None)  # never two defaults, not even in between
    _upsert("categories", [Category(**_in(one) | {"opposite": None}) for one in document.categories])
    slugs = {row.slug: row for row in Category.objects.all()}
    for one in document.categories:
        slugs[one.slug].opposite = slugs.get(one.opposite)
    Category.objects.bulk_update(slugs.values(), ["opposite"])
    _upsert("rules", [Rule(**_in(one) | {"category": slugs.get(one.category)}) for one in document.rules])
    _upsert("lexicon", [LexiconEntry(**_in(one)) for one in document.lexicon])
    for part in ("rules", "categories", "lexicon"):  # categories would take their rules with them
        _delete_others(part, getattr(document, part))


def _upsert(part: str, rows: Sequence[models.Model]) -> None:
    """Rows that stay keep their ids, and with them their history."""
    _, table, _, key = PARTS[part]
    others = [field.name for field in table._meta.fields if field.name not in ("id", *key)]
    table._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=key, update_fields=others)


def _delete_others(part: str, entries: Iterable[Entry]) -> None:
    _, table, _, key = PARTS[part]
    said = {tuple(getattr(entry, name) for name in key) for entry in entries}
    if table._default_manager.count() == len(said):
        return  # all that is said is there
    rows = table._default_manager.values_list("pk", *key)
    table._default_manager.filter(pk__in=[pk for pk, *found in rows if tuple(found) not in said]).delete()


def _out(value: Any, *, lines: bool) -> Any:
    if lines:
        return [line for line in value.splitlines() if line.strip()]
    return value.slug if isinstance(value, Category) else "" if value is None else value


def _in(entry: Entry) -> dict[str, Any]:
    return {
        name: "\n".join(value) if isinstance(value, tuple) else value
        for name in type(entry).model_fields
        for value in [getattr(entry, name)]
    }


def _told(place: plainly.Place, message: str, data: Any) -> str:
    """One problem with all that leads to it: "rule en.no, patterns, line 2: …"."""
    part, number, *field = [*place, "", ""]
    if part not in PARTS or not isinstance(number, int):
        return f"{part}: {message}" if part else message
    where = [f"line {at + 1}" if isinstance(at, int) else at for at in field if at != ""]
    return f"{', '.join([_called(part, data[part][number], number), *where])}: {message}"


def _called(part: str, entry: Any, number: int) -> str:
    """An entry by its name where it has one, else by its place."""
    what, _, _, key = PARTS[part]
    names = [str(entry.get(name) or "")[:64] for name in key] if isinstance(entry, Mapping) else []
    return f"{what} {' '.join(filter(None, names)) or f'number {number + 1}'}"
