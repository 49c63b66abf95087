"""Rows ↔ document."""

from typing import Any

import pytest

from classification.engines.rules.document import Document
from classification.engines.rules.packs import shipped
from classification.models import Category, LexiconEntry, Rule
from classification.rulesets import drafts
from classification.rulesets.drafts import PARTS, DocumentInvalid, draft, load, read
from classification.rulesets.store import digest
from tests.classification.rulesets.conftest import add_rule, small

FULL = small(
    categories=[
        {
            "slug": "book",
            "name": "Booking",
            "meaning": "Wants a place.",
            "counts_as": "agree",
            "opposite": "other",
            "priority": 3,
            "reply": "See you!\nBring water.",
            "mention": "Your place is kept.",
        },
        {"slug": "other", "name": "Other", "meaning": "Else.", "is_default": True},
    ],
    rules=[
        {
            "name": "en.book",
            "category": "book",
            "language": "en",
            "match": "starts_with",
            "patterns": ["book me", "reserve*"],
            "strength": "explicit",
            "before": ["please", "na lang"],
            "should_match": ["book me please"],
            "should_not_match": ["booked", "a book"],
            "note": "From the phone calls.",
        },
        {"name": "ignored", "patterns": ["good morning"]},
    ],
)


@pytest.mark.parametrize("document", [shipped(), small(), FULL])
@pytest.mark.django_db
def test_what_is_loaded_comes_back(document: Document) -> None:
    load(document)
    assert draft() == document
    assert digest(draft()) == digest(document)


@pytest.mark.parametrize("part", PARTS)
def test_every_field_of_the_document_has_a_column(part: str) -> None:
    _, table, entry, _ = PARTS[part]
    assert set(entry.model_fields) <= {field.name for field in table._meta.fields}


@pytest.mark.django_db
def test_loading_replaces_all_and_what_stays_keeps_its_id() -> None:
    load(small())
    kept, gone = Rule.objects.get(), add_rule("gone", patterns="zzz")
    Category.objects.create(slug="off", name="Off", meaning="Never.", enabled=False)
    Rule.objects.filter(pk=kept.pk).update(patterns="something else", enabled=False)
    load(small())
    assert draft() == small()
    assert Rule.objects.get().pk == kept.pk != gone.pk
    assert not Category.objects.filter(slug="off").exists()


@pytest.mark.django_db
def test_the_default_may_move_to_another_category() -> None:
    load(small())
    categories = [one.model_dump() | {"is_default": one.slug == "agree"} for one in small().categories]
    load(small(categories=categories))
    assert Category.objects.get(is_default=True).slug == "agree"


@pytest.mark.django_db
def test_what_is_switched_off_is_not_in_the_document() -> None:
    load(small())
    add_rule("off", patterns="zzz", enabled=False)
    assert draft() == small()


@pytest.mark.django_db
def test_lines_are_taken_as_people_type_them() -> None:
    load(small())
    add_rule("typed", patterns="one two \r\n\r\n  three\r\n", note="a\r\nb")
    rule = next(rule for rule in draft().rules if rule.name == "typed")
    assert (rule.patterns, rule.note) == (("one two", "three"), "a\nb")


@pytest.mark.django_db
def test_it_is_like_a_document_until_somebody_touches_it() -> None:
    load(small())
    assert drafts.is_like(digest(small()))
    rule = add_rule("off", patterns="zzz", enabled=False)
    assert not drafts.is_like(digest(small()))
    rule.delete()
    LexiconEntry.objects.all().delete()
    assert not drafts.is_like(digest(small()))
    Category.objects.all().delete()
    assert not drafts.is_like(digest(small()))


def test_a_word_may_be_of_several_kinds_and_languages() -> None:
    others = [{"language": "tl"}, {"kind": "known", "becomes": ""}, {"language": "", "term": "en yup"}]
    words = [WORD | other for other in ({}, *others)]
    assert len(read(_data(lexicon=words)).lexicon) == len(words)


def test_the_order_of_entries_means_nothing() -> None:
    turned = shipped().model_dump()
    turned = {part: turned[part][::-1] if part in PARTS else turned[part] for part in turned}
    assert digest(read(turned)) == digest(shipped())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"patterns": "ok\n" + "x" * 201},
            "rule bad, patterns, line 2: must have 200 characters at most",
        ),
        ({"patterns": " \n "}, "rule bad, patterns: must not be empty"),
        (
            {"name": "two words"},
            "rule two words, name: must be letters, digits, _, . and - alone, without spaces",
        ),
        ({"match": "psychic"}, "rule bad, match: must be 'phrase'"),
        ({"note": "a\x1bb"}, "rule bad, note: the character U+001B cannot be kept here"),
    ],
)
def test_a_bad_row_is_named_with_its_field(fields: dict[str, Any], problem: str) -> None:
    row = Rule(**{"name": "bad", "patterns": "x"} | fields)
    with pytest.raises(DocumentInvalid) as error:
        read(_data(rules=[drafts.as_entry(row)]))
    assert error.value.problems[0].startswith(problem)


def _data(**changes: Any) -> dict[str, Any]:
    return small().model_dump(mode="json") | changes


RULE = {"name": "r", "category": "agree", "patterns": ["x"]}
WORD = {"kind": "variant", "language": "en", "term": "yup", "becomes": "yes"}
CATEGORY = {"slug": "agree", "name": "Agree", "meaning": "Yes."}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "This is no rule set"),
        ("text", "This is no rule set"),
        ({}, "categories: is missing"),
        (_data(format=2), "format: must be 1: another version of the software has written it"),
        (_data(rules="x"), "rules: must be a list"),
        (_data(rules=[7]), "rule number 1: must be an object that names its fields"),
        (_data(extra=1), "extra: is unknown here"),
        (_data(rules=[RULE | {"colour": "red"}]), "rule r, colour: is unknown here"),
        (_data(rules=[RULE | {"name": None}]), "rule number 1, name: must be a text"),
        (_data(rules=[RULE, RULE]), "rule named twice: r"),
        (_data(lexicon=[WORD, WORD | {"becomes": "no"}]), "word named twice: yup (variant, en)"),
        (_data(lexicon=[WORD, WORD | {"term": " yup "}]), "word named twice: yup (variant, en)"),
        (_data(rules=[RULE | {"category": "nope"}]), "rule r: unknown category nope"),
        (
            _data(rules=[RULE | {"patterns": ["a\nb"]}]),
            "rule r, patterns: the character U+000A cannot be kept",
        ),
        (_data(rules=[RULE | {"note": "\ud800"}]), "rule r, note: "),
        (_data(categories=[CATEGORY]), "exactly one category must be the default"),
        (
            _data(categories=[CATEGORY | {"priority": -1}]),
            "category agree, priority: must be 0 at least",
        ),
        (
            _data(categories=[CATEGORY | {"priority": "soon"}]),
            "category agree, priority: must be a whole number",
        ),
        (
            _data(categories=[CATEGORY | {"slug": "A B"}]),
            "category A B, slug: must be small letters (a to z)",
        ),
        (_data(rules=[RULE | {"leads": "perhaps"}]), "rule r, leads: must be true or false"),
        (_data(categories=[CATEGORY | {"reply": "\0"}]), "category agree, reply: the character U+0000"),
        (
            _data(lexicon=[{"kind": "variant", "language": "en", "term": "yup"}]),
            "word variant en yup: yup: variant needs “becomes”",
        ),
        (
            _data(categories=[CATEGORY | {"slug": "undecided", "is_default": True}]),
            "no category may be called",
        ),
    ],
)
def test_a_bad_document_is_refused_and_the_place_named(data: Any, problem: str) -> None:
    with pytest.raises(DocumentInvalid) as error:
        read(data)
    assert any(told.startswith(problem) for told in error.value.problems), error.value.problems


def test_of_a_list_whose_only_line_is_wrong_it_does_not_say_that_it_is_empty() -> None:
    with pytest.raises(DocumentInvalid) as error:
        read(_data(rules=[RULE | {"patterns": ["x" * 201]}]))
    assert error.value.problems == ["rule r, patterns, line 1: must have 200 characters at most"]
