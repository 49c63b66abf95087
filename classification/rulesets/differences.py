"""What tells one rule set from another, entry by entry, for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from classification.engines.rules.document import Document, Entry
from classification.rulesets.drafts import PARTS


@dataclass(frozen=True)
class FieldChange:
    """What a field said before, and what it says now; of several lines those alone that differ."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One entry that is added, removed or changed. `what` is a category, a rule or a word."""

    kind: str
    what: str
    name: str
    fields: tuple[FieldChange, ...] = ()


def differences(before: Document, after: Document) -> list[Difference]:
    """All of them: categories, rules, then words, each by name."""
    return [found for part in PARTS for found in _of_part(part, before, after)]


def _of_part(part: str, before: Document, after: Document) -> Iterator[Difference]:
    what, _, _, key = PARTS[part]
    old, new = (_by_name(getattr(document, part), key) for document in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Difference("added", what, name, _changes({}, new[name], key))
        elif name not in new:
            yield Difference("removed", what, name)
        elif changes := _changes(old[name], new[name], key):
            yield Difference("changed", what, name, changes)


def _by_name(entries: tuple[Entry, ...], key: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    dumped = (entry.model_dump(mode="json", exclude_defaults=True) for entry in entries)
    return {" ".join(str(entry[name]) for name in key if entry.get(name)): entry for entry in dumped}


def _changes(old: dict[str, Any], new: dict[str, Any], key: tuple[str, ...]) -> tuple[FieldChange, ...]:
    names = [name for name in {**old, **new} if name not in key and old.get(name) != new.get(name)]
    return tuple(_change(name, _lines(old.get(name)), _lines(new.get(name))) for name in names)


def _change(name: str, old: list[str], new: list[str]) -> FieldChange:
    gone = tuple(line for line in old if line not in new)
    come = tuple(line for line in new if line not in old)
    return FieldChange(name, gone, come) if gone or come else FieldChange(name, tuple(old), tuple(new))


def _lines(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values if one not in (None, "")]
