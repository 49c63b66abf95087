"""Patterns of words, put together so that all of them are looked for at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from classification.engines.rules.document import Match, Strength

Spell = Callable[[str], Sequence[str]]

# Places of one pattern that may be missing: each doubles the ways through it.
MAX_OPTIONAL = 6


@dataclass(frozen=True)
class Rule:
    """One named set of patterns. `label` is a category's slug, empty for words that are to be ignored.

    `hides_all`: they are to be ignored by every category, not only by those that answer.
    """

    name: str
    label: str
    strength: Strength
    match: Match
    before: frozenset[str]
    leads: bool
    in_questions: bool
    hides_all: bool = False


@dataclass(frozen=True)
class Element:
    """One place of a pattern: any of these words, or of these beginnings of words."""

    words: frozenset[str]
    prefixes: tuple[str, ...] = ()
    optional: bool = False

    def fits(self, word: str) -> bool:
        return word in self.words or word.startswith(self.prefixes)


@dataclass
class Node:
    """What may follow the words so far, and the rules whose pattern ends here."""

    edges: dict[Element, "Node"] = field(default_factory=dict)
    by_word: dict[str, list["Node"]] = field(default_factory=dict)
    by_prefix: list[tuple[tuple[str, ...], "Node"]] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def add(self, elements: Sequence[Element], rule: Rule) -> None:
        """Make this rule's pattern part of the tree."""
        if not elements:
            self.rules.append(rule)
            return
        self._child(elements[0]).add(elements[1:], rule)
        if elements[0].optional:
            self.add(elements[1:], rule)

    def after(self, word: str) -> Sequence["Node"]:
        """Where `word` leads."""
        known = self.by_word.get(word, ())
        if not self.by_prefix:
            return known
        return [*known, *[node for prefixes, node in self.by_prefix if word.startswith(prefixes)]]

    def _child(self, element: Element) -> "Node":
        key = Element(element.words, element.prefixes)
        if key not in self.edges:
            child = self.edges[key] = Node()
            for word in key.words:
                self.by_word.setdefault(word, []).append(child)
            if key.prefixes:
                self.by_prefix.append((key.prefixes, child))
        return self.edges[key]


def parsed(pattern: str, spell: Spell, classes: Mapping[str, frozenset[str]]) -> list[Element]:
    """The places of a pattern.

    Raises ValueError for a word class that nobody knows, a place without words, and too many that may be missing.
    """
    elements = [element for token in pattern.split() for element in _elements(token, spell, classes)]
    if sum(element.optional for element in elements) > MAX_OPTIONAL:
        raise ValueError(f"at most {MAX_OPTIONAL} words may be in brackets")
    return elements


def _elements(token: str, spell: Spell, classes: Mapping[str, frozenset[str]]) -> Iterator[Element]:
    if token.startswith("(") != token.endswith(")"):
        raise ValueError(f"brackets hold one place: {token}")
    optional = token.startswith("(")
    alternatives = (token[1:-1] if optional else token).lower().split("|")
    if not all(alternatives):
        raise ValueError(f"a word is missing: {token}")
    if len(alternatives) == 1 and alternatives[0][0] != "@" and not alternatives[0].endswith("*"):
        yield from (Element(frozenset({word}), (), optional) for word in spell(alternatives[0]))
        return
    words: set[str] = set()
    prefixes: list[str] = []
    for alternative in alternatives:
        if alternative.startswith("@"):
            words |= _members(alternative[1:], classes)
        elif alternative.endswith("*"):
            prefixes.append(alternative[:-1])
        else:
            words.add(one_word(alternative, spell))
    yield Element(frozenset(words), tuple(prefixes), optional)


def one_word(text: str, spell: Spell) -> str:
    """The word that `text` stands for. Raises ValueError when it is several."""
    words = spell(text)
    if len(words) != 1:
        raise ValueError(f"stands for several words: {text}")
    return words[0]


def _members(name: str, classes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if name not in classes:
        raise ValueError(f"unknown word class @{name}")
    return classes[name]
