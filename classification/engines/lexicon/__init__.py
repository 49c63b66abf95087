"""What the rule engine knows of languages. The words are data, in one TOML file for each language.

`[words]` names groups of words:
    negators      turn the agreement that follows into a refusal
    adverbs       may stand between a negator and the next word of a pattern: "not really sure" is "not sure"
    stops         end a negator's reach
    contrast      ("but") what follows counts more
    corrections   ("wait") what is said with them takes back what was said before
    conditionals  ("if") make an agreement conditional, that is neutral
    questions     begin a question; an auxiliary before a pronoun does too; particles ("ba") make one anywhere
    fillers       mean nothing beside an answer
    noise         laughter and forms of address: removed
`[variants]` maps spellings to one; `[contractions]` and `[endings]` write a short form as its words.
`[[rules]]`: a label (or "none", which takes the words out of play), a strength and patterns. A pattern is one or
more whole words; `*` at the end of its last word stands for any ending. `before` restricts a rule to the end of a
clause or to the words listed.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from classification.labels import Label

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Strength(StrEnum):
    """How much a match says."""

    PROTECTED = "protected"  # an idiom: no negator reaches it
    EXPLICIT = "explicit"  # a plain yes or no
    PHRASE = "phrase"
    ALONE = "alone"  # counts only as the whole clause, and then as a phrase
    ACKNOWLEDGE = "acknowledge"  # "ok": an answer if there is no other
    SOFT = "soft"  # "good": counts only if there is nothing else


@dataclass(frozen=True)
class Rule:
    """One named set of patterns. `label` is None for words that are to be ignored."""

    name: str
    label: Label | None
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

    groups: dict[str, set[str]] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    contractions: dict[str, str] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, list[Pattern]] = field(default_factory=dict)
    prefixes: list[Pattern] = field(default_factory=list)

    @cached_property
    def signs(self) -> re.Pattern[str]:
        """Words, and the signs (emoji) that some pattern knows."""
        signs = "".join(first for first in self.patterns if not WORD.match(first))
        return re.compile(f"{WORD.pattern}|[{re.escape(signs)}]")

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

    def group(self, name: str) -> set[str]:
        return self.groups.get(name, set())

    def candidates(self, word: str) -> Iterable[Pattern]:
        """The patterns that may begin with `word`, the longest first."""
        found = self.patterns.get(word, [])
        open_ended = [pattern for pattern in self.prefixes if word.startswith(pattern.words[0])]
        return sorted(found + open_ended, key=lambda p: -len(p.words)) if open_ended else found


def shortened(word: str) -> set[str]:
    """`word` and its forms with one letter left out. Words that share one are at most a typing error apart."""
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}


def load(folder: Path = Path(__file__).parent) -> Lexicon:
    """Read every language of `folder`."""
    lexicon = Lexicon()
    languages = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]
    for language in languages:
        _add_words(lexicon, language)
    for language in languages:
        for rule in language.get("rules", []):
            _add_rule(lexicon, rule)
    for patterns in lexicon.patterns.values():
        patterns.sort(key=lambda pattern: -len(pattern.words))
    return lexicon


def _add_words(lexicon: Lexicon, language: Mapping[str, Any]) -> None:
    for group, words in language.get("words", {}).items():
        lexicon.groups.setdefault(group, set()).update(words)
    for word, spellings in language.get("variants", {}).items():
        lexicon.variants.update(dict.fromkeys(spellings, word))
    lexicon.contractions.update(language.get("contractions", {}))
    lexicon.endings.update(language.get("endings", {}))


def _add_rule(lexicon: Lexicon, entry: Mapping[str, Any]) -> None:
    label = None if entry["label"] == "none" else Label(entry["label"])
    rule = Rule(entry["name"], label, Strength(entry["strength"]), frozenset(entry.get("before", ())))
    for text in entry["patterns"]:
        words = tuple(lexicon.variants.get(word, word) for word in text.removesuffix("*").split())
        pattern = Pattern(words, text.endswith("*"), rule)
        if pattern.prefix and len(words) == 1:
            lexicon.prefixes.append(pattern)
        else:
            lexicon.patterns.setdefault(words[0], []).append(pattern)
