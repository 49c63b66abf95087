"""Which language a conversation seems to be written in, by the words that the rule set knows of each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import lcm

from classification.engines.rules.document import Document, LexiconKind, Match
from classification.engines.rules.lexicon import WORD

ENGLISH, FILIPINO = "en", "tl"
# Their terms are no words.
NO_WORDS = frozenset({LexiconKind.SOUND, LexiconKind.ENDING})
SHARES = lcm(*range(1, 11))  # whole shares, however many languages have a word in common


class Languages:
    """The words of each language."""

    def __init__(self, document: Document) -> None:
        found: dict[str, set[str]] = defaultdict(set)
        for language, text in _texts(document):
            for word in WORD.findall(text.lower()):
                found[word].add(language)
        self._of = {word: frozenset(languages) for word, languages in found.items()}

    def read(self, text: str) -> str:
        """The language whose words stand out, by its code; empty where none does.

        It is English where most of the words that tell the two apart are English alone: who writes "yes pupunta ako"
        speaks Filipino. Of the others it is the one with the most words, each counted as a share of one for every
        language that has it; where several are level, Filipino, if it is among them.
        """
        known = [self._of[word] for word in WORD.findall(text.lower()) if word in self._of]
        others = [languages for languages in known if ENGLISH not in languages]
        english = sum(languages == {ENGLISH} for languages in known)
        return ENGLISH if english > len(others) else _foremost(others)


def _foremost(known: Iterable[frozenset[str]]) -> str:
    votes: Counter[str] = Counter()
    for languages in known:
        votes.update(dict.fromkeys(languages, SHARES // len(languages)))
    best = {language for language, vote in votes.items() if vote == max(votes.values())}
    if FILIPINO in best:
        return FILIPINO
    return best.pop() if len(best) == 1 else ""


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    """Every text that is in a language."""
    for word in document.lexicon:
        if word.language and word.kind not in NO_WORDS:
            yield word.language, word.term
    for rule in document.rules:
        if rule.language and rule.match != Match.REGEX:
            yield from ((rule.language, text) for text in rule.patterns)
