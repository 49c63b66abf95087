"""The shipped rule set. Its words are data, one TOML file for each language; adding a language is adding a file.

`[words]` names groups of words (openers, reasons, questions and statements may be of up to three words):
    negators      turn the agreement that follows into a refusal
    adverbs       may stand between the words of a pattern: "not really sure" is "not sure"
    stops         end a negator's reach
    contrast      ("but") what follows counts more
    corrections   ("wait") what is said with them takes back what was said before
    conditionals  ("if") make an agreement conditional, that is neutral
    openers       ("also") begin another matter
    reasons       ("because") begin an explanation, which is no matter of its own
    questions     begin a question; an auxiliary before a pronoun does too; particles ("ba") make one anywhere
    statements    begin none, though they look like it ("what you said")
    fillers       mean nothing beside an answer
    noise         laughter and forms of address: removed
    known         ordinary words, never taken for a misspelling of another
`[variants]` maps spellings to one, `[sounds]` letters to others that they may be typed for; vowels left out and single
slips in long words need no entry. `[contractions]` and `[endings]` write a short form as its words, or two or three
words as others; `@name` makes one for each word of a class. `[classes]` names word classes. Some of them are more than
that: `speaker` holds the words for who writes, `explaining` those that begin a reason ("because"), `concluding` those
that end it ("so"); before a speaker or a `plain` yes or no they begin what all before was told for. What is told
behind a yes of `others` and `addressed` takes nothing back of it, unless `speaker` or `ours` stands there. `tag` holds
those that ask for an answer behind a request ("tell the others ok"), `requesting` those that show one, `be` those
after which it is none ("your plan is ok"). `others` are those whose doings refuse nothing ("my brother can't"),
`addressed` those whose doings agree to nothing ("hope you can make it"), `deciding` the verbs of both. `hedging` holds
what may stand before a refusal ("I don't know, no"), `limiting` what binds an answer to one thing ("yes for lunch but
no for dinner"). Of a burst: a text of `attaching` words alone goes on with the one before ("please"); beside
`cheering` ones a "yes" only greets the news; with `apologizing` ones a reason refuses; `overturning` ones are why a
"no" is taken back ("wait, it is cancelled"). `formal` words are of letters, in which an answer comes late, and
`pleading` ones ("please") ask for what is said however late; where there is none, what stands in the middle of a story
is no answer.
`[[rules]]`: a label (or "none", which takes the words out of play), a strength and patterns. The places of a pattern
are words, each one `a`, either `a|b`, perhaps `(a)`, any ending `a*`, any word `*` or one of a class `@name`.
`before` restricts a rule to the end of a clause or to the words listed, `leads` to its beginning.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from classification.engines.rules.document import CategoryEntry, Document, LexiconKind, RuleEntry, Word
from classification.labels import Label, Meaning

GROUPS = {
    "negators": LexiconKind.NEGATOR,
    "adverbs": LexiconKind.ADVERB,
    "stops": LexiconKind.STOP,
    "contrast": LexiconKind.CONTRAST,
    "corrections": LexiconKind.CORRECTION,
    "conditionals": LexiconKind.CONDITIONAL,
    "openers": LexiconKind.OPENER,
    "reasons": LexiconKind.REASON,
    "questions": LexiconKind.QUESTION,
    "statements": LexiconKind.STATEMENT,
    "auxiliaries": LexiconKind.AUXILIARY,
    "pronouns": LexiconKind.PRONOUN,
    "particles": LexiconKind.PARTICLE,
    "fillers": LexiconKind.FILLER,
    "noise": LexiconKind.NOISE,
    "known": LexiconKind.KNOWN,
}
SHORT_FORMS = {
    "contractions": LexiconKind.CONTRACTION,
    "endings": LexiconKind.ENDING,
    "sounds": LexiconKind.SOUND,
}
CATEGORIES = (
    CategoryEntry(
        slug=Label.AGREE,
        name="Agree",
        meaning="The person accepts, confirms or says yes.",
        counts_as=Meaning.AGREE,
        opposite=Label.DISAGREE,
        priority=10,
    ),
    CategoryEntry(
        slug=Label.DISAGREE,
        name="Disagree",
        meaning="The person refuses, declines, cancels, cannot, or says no.",
        counts_as=Meaning.DISAGREE,
        opposite=Label.AGREE,
        priority=10,
    ),
    CategoryEntry(
        slug=Label.NEUTRAL,
        name="Neutral",
        meaning="Anything else: a question, undecided, postponed, conditional, unrelated, unclear.",
        counts_as=Meaning.NEUTRAL,
        is_default=True,
        priority=90,
    ),
)


@cache
def shipped() -> Document:
    """The rule set that comes with the software."""
    packs = [tomllib.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.toml"))]
    words = {(word.kind, word.language, word.term): word for pack in packs for word in _words(pack)}
    rules = tuple(_rule(pack["language"], rule) for pack in packs for rule in pack.get("rules", []))
    return Document(categories=CATEGORIES, rules=rules, lexicon=tuple(words.values()))


def _words(pack: Mapping[str, Any]) -> Iterator[Word]:
    language = pack["language"]
    for group, terms in pack.get("words", {}).items():
        for term in terms:
            yield Word(kind=GROUPS[group], language=language, term=term)
    for becomes, spellings in pack.get("variants", {}).items():
        for term in spellings:
            yield Word(kind=LexiconKind.VARIANT, language=language, term=term, becomes=becomes)
    for term, classes in _classes(pack).items():
        yield Word(kind=LexiconKind.CLASS, language=language, term=term, becomes=" ".join(classes))
    for table, kind in SHORT_FORMS.items():
        for term, becomes in _each(pack.get(table, {}), pack.get("classes", {})):
            yield Word(kind=kind, language=language, term=term, becomes=becomes)


def _each(short: Mapping[str, str], classes: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """The short forms, those with a class once for each member: what is written out counts more."""
    for term, becomes in short.items():
        head, _, name = term.partition("@")
        written_out = (member for member in classes.get(name, ()) if head + member not in short)
        for member in written_out if name else [""]:
            yield head + member, becomes.replace(f"@{name}", member) if name else becomes


def _classes(pack: Mapping[str, Any]) -> dict[str, list[str]]:
    """The classes of each word."""
    found: dict[str, list[str]] = {}
    for name, members in pack.get("classes", {}).items():
        for term in members:
            found.setdefault(term, []).append(name)
    return found


def _rule(language: str, entry: Mapping[str, Any]) -> RuleEntry:
    category = "" if entry["label"] == "none" else entry["label"]
    rest = {name: value for name, value in entry.items() if name != "label"}
    return RuleEntry.model_validate(rest | {"category": category, "language": language})
