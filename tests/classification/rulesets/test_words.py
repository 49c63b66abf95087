"""Words of the lexicon that could never do anything, told as they are saved."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classification.engines.rules.document import LexiconKind, Word
from classification.models import LexiconEntry
from classification.rulesets import drafts, words
from tests.classification.rulesets.conftest import add_rule, small

pytestmark = pytest.mark.django_db

ADD = reverse("admin:classification_lexiconentry_add")


@pytest.fixture
def browser(browser: Client) -> Client:
    drafts.load(small())  # "yup" is a spelling of "yes"
    return browser


def add(browser: Client, kind: str, term: str, becomes: str = "") -> Any:
    return browser.post(ADD, {"kind": kind, "term": term, "becomes": becomes}, follow=True)


def errors(answer: Any) -> dict[str, Any]:
    return dict(answer.context["adminform"].form.errors)


@pytest.mark.parametrize(
    ("kind", "typed", "becomes", "kept"),
    [
        ("variant", "ZigZag", "Yes", ("zigzag", "yes")),
        ("contraction", "Can\u2019t", "can NOT", ("can't", "can not")),
        ("negator", "\uff2e\uff4f\uff54", "", ("not", "")),
        ("class", "Zebra", "Animals", ("zebra", "animals")),
    ],
)
def test_a_word_is_kept_as_texts_are_read(
    browser: Client, kind: str, typed: str, becomes: str, kept: tuple[str, str]
) -> None:
    add(browser, kind, typed, becomes)
    assert LexiconEntry.objects.filter(kind=kind).values_list("term", "becomes").latest("pk") == kept


def test_capitals_make_no_second_word(browser: Client) -> None:
    assert "already exists" in str(errors(add(browser, "variant", "Yup", "sure")))


@pytest.mark.parametrize(
    ("kind", "term", "becomes", "field", "problem"),
    [
        ("negator", "not ever", "", "term", "single words: “not ever” would never be found"),
        ("variant", "zig zag", "zigzag", "term", "single words: “zig zag” would never be found"),
        ("variant", "zig-zag", "zigzag", "term", "single words: “zig-zag” would never be found"),
        ("variant", "zz", "zig zag", "becomes", "choose “Words that stand for others”"),
        ("variant", "yupyup", "yup", "becomes", "“yup” is itself a spelling of another word: write “yes”."),
        ("variant", "yes", "sure", "term", "“yup” is a spelling of it: let that one become “sure” first."),
        ("opener", "and one more thing", "", "term", "3 words at most"),
    ],
)
def test_a_word_that_could_never_be_found_is_refused(
    browser: Client, kind: str, term: str, becomes: str, field: str, problem: str
) -> None:
    assert problem in str(errors(add(browser, kind, term, becomes))[field])
    assert LexiconEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "term", "becomes"),
    [
        ("opener", "one more thing", ""),
        ("question", "what is the", ""),
        ("statement", "that would be so nice", ""),
        ("contraction", "i am just kidding", "wait"),
        ("ending", "'s", "is"),
        ("variant", "ya'll", "you"),
        ("noise", "\U0001f64f", ""),
    ],
)
def test_a_word_that_can_be_found_is_kept(browser: Client, kind: str, term: str, becomes: str) -> None:
    add(browser, kind, term, becomes)
    assert LexiconEntry.objects.filter(kind=kind, term=term).exists()


def test_the_end_of_a_chain_of_spellings_is_named_and_one_that_goes_round_ends() -> None:
    word = Word(kind=LexiconKind.VARIANT, term="a", becomes="b")
    assert [told for _, told in words.problems(word, {"b": "c", "c": "d"})] == [
        "“b” is itself a spelling of another word: write “d”."
    ]
    assert len(list(words.problems(word, {"b": "c", "c": "b"}))) == 1


def test_a_class_that_no_pattern_names_is_told_of(browser: Client) -> None:
    add_rule("own.zoo", patterns="(the) @animals|@Birds")
    answer = add(browser, "class", "zebra", "animals birds stripes hedging")
    told = [str(message) for message in answer.context["messages"]]
    assert told[:-1] == ["No pattern names @stripes: “zebra” does nothing there yet."]
    assert LexiconEntry.objects.filter(term="zebra").exists()
