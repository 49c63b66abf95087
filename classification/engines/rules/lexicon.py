"""A rule set's document, compiled for matching: every word and pattern where it is looked up."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from classification.engines.rules.document import Document, LexiconKind, RuleEntry, Strength, Word

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class Rule:
    """One named set of patterns. `label` is a category's slug, empty for words that are to be ignored."""

    name: str
    label: str
    strength: Strength
    before: frozenset[str]


@dataclass(frozen=True)
class Pattern:
    """One pattern of a rule, as words; `prefix` when the last word is only a beginning."""

    words: tuple[str, ...]
    prefix: bool
    rule: Rule


@dataclass
class Lexicon:
    """All languages together: a person writes in several at once."""

    groups: dict[LexiconKind, set[str]] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    contractions: dict[str, str] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, list[Pattern]] = field(default_factory=dict)
    prefixes: list[Pattern] = field(default_factory=list)

    @cached_property
    def signs(self) -> re.Pattern[str]:
        """Words, and the signs (emoji) that some pattern knows."""
        signs = "".join(first for first in self.patterns if not WORD.match(first))
        return re.compile(f"{WORD.pattern}|[{re.escape(signs)}]" if signs else WORD.pattern)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word that means something here."""
        patterns = [p for found in self.patterns.values() for p in found]
        in_patterns = {word for pattern in patterns for word in pattern.words}
        return frozenset(in_patterns.union(*self.groups.values(), self.variants, self.contractions))

    @cached_property
    def long_words(self) -> Mapping[str, str]:
        """Single words of six letters or more, by every form with one letter left out: one typing error away."""
        singles = (p.words[0] for found in self.patterns.values() for p in found if len(p.words) == 1)
        return {form: word for word in singles if len(word) >= 6 for form in shortened(word)}

    def group(self, name: LexiconKind) -> set[str]:
        return self.groups.get(name, set())

    def candidates(self, word: str) -> Iterable[Pattern]:
        """The patterns that may begin with `word`, the longest first."""
        found = self.patterns.get(word, [])
        open_ended = [pattern for pattern in self.prefixes if word.startswith(pattern.words[0])]
        return sorted(found + open_ended, key=lambda p: -len(p.words)) if open_ended else found


def shortened(word: str) -> set[str]:
    """`word` and its forms with one letter left out. Words that share one are at most a typing error apart."""
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}


def compiled(document: Document) -> Lexicon:
    """The lexicon of a rule set, ready to be used."""
    lexicon = Lexicon()
    for word in document.lexicon:
        _add_word(lexicon, word)
    for rule in document.rules:
        _add_rule(lexicon, rule)
    for patterns in lexicon.patterns.values():
        patterns.sort(key=lambda pattern: -len(pattern.words))
    return lexicon


def _add_word(lexicon: Lexicon, word: Word) -> None:
    replacing = {
        LexiconKind.VARIANT: lexicon.variants,
        LexiconKind.CONTRACTION: lexicon.contractions,
        LexiconKind.ENDING: lexicon.endings,
    }.get(word.kind)
    if replacing is None:
        lexicon.groups.setdefault(word.kind, set()).add(word.term)
    else:
        replacing[word.term] = word.becomes


def _add_rule(lexicon: Lexicon, entry: RuleEntry) -> None:
    rule = Rule(entry.name, entry.category, entry.strength, frozenset(entry.before))
    for text in entry.patterns:
        words = tuple(lexicon.variants.get(word, word) for word in text.removesuffix("*").split())
        pattern = Pattern(words, text.endswith("*"), rule)
        if pattern.prefix and len(words) == 1:
            lexicon.prefixes.append(pattern)
        else:
            lexicon.patterns.setdefault(words[0], []).append(pattern)
