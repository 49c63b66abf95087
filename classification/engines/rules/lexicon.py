"""A rule set's document, compiled for matching: every word and pattern where it is looked up."""

import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property

import regex

from classification.engines.rules.document import Document, LexiconKind, Match, RuleEntry
from classification.engines.rules.patterns import Element, Node, Rule, Spell, one_word, parsed
from classification.engines.rules.spelling import Spelling
from classification.labels import Meaning

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SYNTAX = re.compile(r"[()|*\s]+")


class Lexicon:
    """All languages together: a person writes in several at once. Raises ValueError for a rule that cannot be read."""

    def __init__(self, document: Document) -> None:
        self.categories = {category.slug: category for category in document.categories}
        self.default = document.default.slug
        self.groups = {kind: frozenset[str]() for kind in LexiconKind}
        self._tables: dict[LexiconKind, dict[str, str]] = {}
        self._memberships: list[tuple[str, str]] = []  # word, class
        self._read_words(document)
        self.endings = self._tables.get(LexiconKind.ENDING, {})
        self.contractions = self._tables.get(LexiconKind.CONTRACTION, {})
        self._texts = [text for rule in document.rules if rule.match != Match.REGEX for text in rule.patterns]
        self.spelling = Spelling(
            self.vocabulary,
            self._tables.get(LexiconKind.VARIANT, {}),
            self._tables.get(LexiconKind.SOUND, {}),
        )
        self.groups |= {kind: self._respelled(terms) for kind, terms in self.groups.items()}
        self.phrases, self.beginnings = Node(), Node()
        # The rules of no language: those that operators write.
        self.own_rules = frozenset(entry.name for entry in document.rules if not entry.language)
        self.together: list[tuple[tuple[Element, ...], Rule]] = []
        self.expressions: list[tuple[regex.Pattern[str], Rule]] = []
        spell = cache(self.spelled)  # the same words stand in many patterns
        for entry in document.rules:
            self._add(entry, spell)

    @cached_property
    def signs(self) -> re.Pattern[str]:
        """Words, and the signs (emoji) that some pattern knows."""
        signs = {sign for text in self._texts for sign in _SYNTAX.sub("", text) if not WORD.match(sign)}
        return re.compile(f"{WORD.pattern}|[{re.escape(''.join(sorted(signs - set('@_-/'))))}\ufffc]")

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word that means something here."""
        tables = (table for kind, table in self._tables.items() if kind != LexiconKind.SOUND)
        words = {word for table in tables for pair in table.items() for text in pair for word in text.split()}
        in_patterns = {word for text in self._texts for word in WORD.findall(text.lower())}
        in_groups = {word for terms in self.groups.values() for term in terms for word in term.split()}
        in_classes = {word for word, _ in self._memberships}
        return frozenset(in_patterns | words | in_groups | in_classes)

    @cached_property
    def classes(self) -> dict[str, frozenset[str]]:
        """The word classes that patterns name."""
        members: dict[str, set[str]] = {}
        for term, name in self._memberships:
            members.setdefault(name, set()).add(one_word(term, self.spelled))
        return {name: frozenset(words) for name, words in members.items()}

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """How many words the short forms of several have, the longest first, by their first word."""
        found: dict[str, set[int]] = {}
        for first, *rest in (term.split() for term in self.contractions):
            if rest:
                found.setdefault(first, set()).add(len(rest) + 1)
        return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}

    @cached_property
    def transparent(self) -> frozenset[str]:
        """Words that may stand between others without changing what they mean."""
        return self.groups[LexiconKind.ADVERB] | self.groups[LexiconKind.FILLER]

    @cached_property
    def mere_fillers(self) -> frozenset[str]:
        """Fillers that do not say who is spoken of."""
        return self.groups[LexiconKind.FILLER] - self.groups[LexiconKind.PRONOUN]

    @cached_property
    def idle(self) -> frozenset[str]:
        """Fillers that begin neither a question nor a statement."""
        return self.mere_fillers - self.groups[LexiconKind.AUXILIARY]

    @cached_property
    def carrying_on(self) -> frozenset[str]:
        """Words after which "wait" or "actually" is a part of the sentence: it takes nothing back."""
        return self.groups[LexiconKind.PRONOUN] | self.groups[LexiconKind.AUXILIARY] | self.deniable | {"not"}

    @cached_property
    def deniable(self) -> frozenset[str]:
        """The verbs that short forms join with "not": "do", "can"."""
        pairs = (text.split() for text in self.contractions.values())
        return frozenset(pair[0] for pair in pairs if pair[1:] == ["not"])

    @cached_property
    def before_verbs(self) -> frozenset[str]:
        """What may stand between somebody and what he does."""
        return self.deniable | self.groups[LexiconKind.ADVERB]

    @cached_property
    def done_by_somebody(self) -> frozenset[str]:
        """The first words of what may be somebody else's doing."""
        return self.deniable | self.groups[LexiconKind.NEGATOR] | self.classes.get("deciding", frozenset())

    @cached_property
    def own(self) -> frozenset[str]:
        """Categories that stand beside any answer: neither yes nor no, nor nothing in particular."""
        return frozenset(
            slug
            for slug, category in self.categories.items()
            if category.counts_as is Meaning.NEUTRAL and slug != self.default
        )

    def meaning(self, label: str) -> Meaning:
        """What the category counts as."""
        return self.categories[label].counts_as

    def spelled(self, text: str) -> list[str]:
        """The words of a text in the lexicon's spelling, with short forms of several words written out."""
        typed = self._joined(self.signs.findall(text))
        return self._joined([word for token in typed for word in self._expanded(token)])

    def begins(self, words: Sequence[str], kind: LexiconKind) -> int:
        """How many of the first words are one term of this kind; 0 when none is."""
        terms = self.groups[kind]
        return next((n for n in (3, 2, 1) if n <= len(words) and " ".join(words[:n]) in terms), 0)

    def _respelled(self, terms: Iterable[str]) -> frozenset[str]:
        return frozenset(terms) | {" ".join(self.spelled(term)) for term in terms}

    def _expanded(self, token: str) -> list[str]:
        """A short form as its words: "can't" is "can not"."""
        endings: list[str] = []
        while token not in self.contractions and (ending := self._ending(token)):
            token, endings = token.removesuffix(ending), [*endings, ending]
        known = token if token in self.contractions else self.spelling(token.replace("'", ""))
        words = self.contractions[known].split() if known in self.contractions else [known]
        return words + [word for ending in reversed(endings) for word in self.endings[ending].split()]

    def _ending(self, token: str) -> str:
        if not token.endswith(tuple(self.endings)):
            return ""
        return next(ending for ending in self.endings if token.endswith(ending))

    def _joined(self, words: list[str]) -> list[str]:
        """The words with short forms of several written out."""
        if self._lengths.keys().isdisjoint(words):
            return words
        joined: list[str] = []
        at = 0
        while at < len(words):
            short = self._short_form(words, at) if words[at] in self._lengths else []
            joined += self.contractions[" ".join(short)].split() if short else words[at : at + 1]
            at += len(short) or 1
        return joined

    def _short_form(self, words: list[str], at: int) -> list[str]:
        """The words from here on that are one short form; none where they are none."""
        forms = (words[at : at + length] for length in self._lengths[words[at]])
        return next((form for form in forms if " ".join(form) in self.contractions), [])

    def _read_words(self, document: Document) -> None:
        groups: dict[LexiconKind, set[str]] = {}
        for word in document.lexicon:
            if word.kind == LexiconKind.CLASS:
                self._memberships += [(word.term, name) for name in word.becomes.split()]
            elif word.becomes:
                self._tables.setdefault(word.kind, {}).setdefault(word.term, word.becomes)
            else:
                groups.setdefault(word.kind, set()).add(word.term)
        self.groups |= {kind: frozenset(terms) for kind, terms in groups.items()}

    def _add(self, entry: RuleEntry, spell: Spell) -> None:
        rule = Rule(
            entry.name,
            entry.category,
            entry.strength,
            entry.match,
            self._respelled(entry.before),
            entry.leads,
            entry.in_questions,
            hides_all=not entry.category and not entry.language,
        )
        for text in entry.patterns:
            try:
                self._add_pattern(text, rule, spell)
            except (ValueError, regex.error) as error:
                raise ValueError(f"rule {entry.name}: {text}: {error}") from error

    def _add_pattern(self, text: str, rule: Rule, spell: Spell) -> None:
        if rule.match == Match.REGEX:
            self.expressions.append((regex.compile(text, regex.IGNORECASE), rule))
            return
        elements = parsed(text, spell, self.classes)
        if not elements:
            raise ValueError("no words")
        if rule.match == Match.ALL_WORDS:
            self.together.append((tuple(elements), rule))
        elif rule.match == Match.ANY_WORD:
            for element in elements:
                self.phrases.add([element], rule)
        elif rule.match == Match.PHRASE:
            self.phrases.add(elements, rule)
        else:
            self.beginnings.add(elements, rule)
