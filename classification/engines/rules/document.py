"""A rule set as one document: what is published, exported, imported and compiled. It knows no database.

The shipped one is put together from the language packs beside this file (see packs/).
"""

import re
from collections import Counter
from typing import Annotated, Any, Literal, Self

from django.db import models
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from classification.labels import NO_CATEGORIES, SLUG_LENGTH, Meaning

MAX_PATTERN = 200  # characters, as the others
MAX_REPLY, MAX_MENTION = 1600, 300
SLUG = rf"^[a-z0-9][a-z0-9_-]{{0,{SLUG_LENGTH - 1}}}$"

RULE_NAME = r"^[-\w.]+$"

Slug = Annotated[str, StringConstraints(pattern=SLUG)]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
PatternText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PATTERN)]


class Match(models.TextChoices):
    """How a rule's patterns are looked for. Names as in RapidPro, which SMS operators know."""

    PHRASE = "phrase", "The words in a row"
    EXACT = "exact", "The whole text"
    ANY_WORD = "any_word", "Any of the words"
    ALL_WORDS = "all_words", "All of the words, in any order"
    STARTS_WITH = "starts_with", "The text begins with"
    REGEX = "regex", "Regular expression"


class Strength(models.TextChoices):
    """How much a match says, the strongest first."""

    PROTECTED = "protected", "Idiom: no negator reaches it"
    EXPLICIT = "explicit", "A plain answer"
    PHRASE = "phrase", "A phrase"
    ALONE = "alone", "A phrase, only as the whole clause"
    ACKNOWLEDGE = "acknowledge", "An answer if there is no other (ok)"
    SOFT = "soft", "Counts if there is nothing else (good)"


class LexiconKind(models.TextChoices):
    """What a word of the lexicon does. Those that become something need `becomes`, the others name a group."""

    VARIANT = "variant", "Spelling of another word"
    CONTRACTION = "contraction", "Words that stand for others"
    ENDING = "ending", "Ending that stands for a word"
    SOUND = "sound", "Letters that may be typed for others"
    CLASS = "class", "Member of word classes (patterns name them @class)"
    NEGATOR = "negator", "Turns what follows into its opposite"
    ADVERB = "adverb", "May stand between the words of a pattern"
    STOP = "stop", "Ends a negator's reach"
    CONTRAST = "contrast", "What follows counts more (but)"
    CORRECTION = "correction", "Takes back what was said (wait)"
    CONDITIONAL = "conditional", "Makes an agreement conditional (if)"
    OPENER = "opener", "Opens another matter (also)"
    REASON = "reason", "Begins an explanation (because)"
    QUESTION = "question", "Begins a question"
    STATEMENT = "statement", "Begins no question, though it looks like one"
    AUXILIARY = "auxiliary", "Begins a question before a pronoun"
    PRONOUN = "pronoun", "Pronoun"
    PARTICLE = "particle", "Makes a question anywhere (ba)"
    FILLER = "filler", "Means nothing beside an answer"
    NOISE = "noise", "Is removed: laughter, forms of address"
    KNOWN = "known", "An ordinary word: never taken for a misspelling"


REPLACING = frozenset(
    {
        LexiconKind.VARIANT,
        LexiconKind.CONTRACTION,
        LexiconKind.ENDING,
        LexiconKind.SOUND,
        LexiconKind.CLASS,
    }
)


# What str.splitlines() takes for the end of a line is one of them, or a line or paragraph separator.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_OR_BREAK = re.compile(f"{_CONTROL.pattern}|\n")


class Entry(BaseModel):
    """One part of the document. Fields that nobody knows are an error: they would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _is_plain_text(cls, value: Any) -> Any:
        """Texts as they come back out of a table: no signs that it does not keep, and of several, one a line."""
        if type(value) is str:  # a choice is a str as well
            return _plain(value, _CONTROL)
        if isinstance(value, tuple) and all(type(one) is str for one in value):
            return tuple(text for one in value if (text := _plain(one, _CONTROL_OR_BREAK).strip()))
        return value


class CategoryEntry(Entry):
    """One thing a conversation may mean. `opposite` is the slug that negation turns it into, if any."""

    slug: Slug
    name: str = Field(min_length=1, max_length=64)
    meaning: str
    counts_as: Meaning = Meaning.NEUTRAL
    opposite: str = ""
    priority: int = Field(50, ge=0, le=32767)
    reply: str = Field("", max_length=MAX_REPLY)
    mention: str = Field("", max_length=MAX_MENTION)
    is_default: bool = False


class RuleEntry(Entry):
    """Patterns that say one category; without a category their words are taken out of play.

    In all kinds but REGEX a pattern is words: `a|b` either, `(a)` perhaps, `a*` any ending, `@name` one of a class.
    `leads`: only where a clause begins. A question says nothing unless the rule is for questions too (`in_questions`).
    """

    name: str = Field(min_length=1, max_length=64, pattern=RULE_NAME)
    category: str = ""
    language: str = Field("", max_length=8)
    match: Match = Match.PHRASE
    patterns: tuple[PatternText, ...] = Field(min_length=1)
    strength: Strength = Strength.PHRASE
    before: tuple[Term, ...] = ()
    leads: bool = False
    in_questions: bool = False
    should_match: tuple[str, ...] = ()
    should_not_match: tuple[str, ...] = ()
    note: str = ""


class Word(Entry):
    """One word of the lexicon."""

    kind: LexiconKind
    language: str = Field("", max_length=8)
    term: Term
    becomes: str = Field("", max_length=64)

    @model_validator(mode="after")
    def _stands_for_something(self) -> Self:
        if (self.kind in REPLACING) != bool(self.becomes):
            needed = "needs" if self.kind in REPLACING else "takes no"
            raise ValueError(f"{self.term}: {self.kind} {needed} “becomes”")
        return self


class Document(Entry):
    """A whole rule set. Disabled rows of the draft are not in it.

    Its parts are in one order, whatever the order they came in: equal rule sets are equal documents, and a rule that
    moves through a table decides as it did before.
    """

    format: Literal[1] = 1  # goes up when an older reader could not understand it
    categories: tuple[CategoryEntry, ...]
    rules: tuple[RuleEntry, ...]
    lexicon: tuple[Word, ...]

    @field_validator("categories")
    @classmethod
    def _by_slug(cls, entries: tuple[CategoryEntry, ...]) -> tuple[CategoryEntry, ...]:
        return tuple(sorted(entries, key=lambda entry: (entry.priority, entry.slug)))

    @field_validator("rules")
    @classmethod
    def _by_name(cls, entries: tuple[RuleEntry, ...]) -> tuple[RuleEntry, ...]:
        return tuple(sorted(entries, key=lambda entry: entry.name))

    @field_validator("lexicon")
    @classmethod
    def _by_word(cls, entries: tuple[Word, ...]) -> tuple[Word, ...]:
        return tuple(sorted(entries, key=lambda entry: (entry.kind, entry.language, entry.term)))

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        slugs = [category.slug for category in self.categories]
        _unique("category", slugs)
        _unique("rule", [rule.name for rule in self.rules])
        _unique("word", [_called(word) for word in self.lexicon])
        if taken := NO_CATEGORIES.keys() & slugs:
            raise ValueError(f"no category may be called {taken.pop()}: it says that there is none")
        if [category.is_default for category in self.categories].count(True) != 1:
            raise ValueError("exactly one category must be the default")
        for category in self.categories:
            if category.opposite and category.opposite not in slugs:
                raise ValueError(f"category {category.slug}: unknown opposite {category.opposite}")
        for rule in self.rules:
            if rule.category and rule.category not in slugs:
                raise ValueError(f"rule {rule.name}: unknown category {rule.category}")
        return self

    @property
    def default(self) -> CategoryEntry:
        """The category when nothing else fits."""
        return next(category for category in self.categories if category.is_default)

    def category(self, slug: str) -> CategoryEntry | None:
        """The category of this name, if there is one."""
        return next((category for category in self.categories if category.slug == slug), None)


def _plain(text: str, unwanted: re.Pattern[str]) -> str:
    if text.isprintable():  # nothing unwanted is; the quick way for thousands of texts
        return text
    text = text.replace("\r\n", "\n")
    if found := unwanted.search(text):
        raise ValueError(f"the character U+{ord(found.group()):04X} cannot be kept here")
    return text


def _called(word: Word) -> str:
    """All that tells a word from the others: "yup (variant, en)"."""
    return f"{word.term} ({', '.join(filter(None, [word.kind, word.language]))})"


def _unique(what: str, names: list[str]) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise ValueError(f"{what} named twice: {', '.join(twice)}")
