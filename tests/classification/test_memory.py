"""Confirmed texts: which count as equal, and when they decide."""

import pytest

from classification.memory import text_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Oo, sige!", "oo sige"),
        ("OK  po...", "ok po"),
        ("ＯＫ", "ok"),
        ("o\u200bk\u202e", "ok"),
        ("talaga???", "Talaga?"),
        ("a\nb", "a b"),
    ],
)
def test_texts_that_differ_in_looks_alone_are_equal(one: str, other: str) -> None:
    assert text_key([one], "Tuloy ba?") == text_key([other], "tuloy  ba?")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ok"], ["ok?"]),
        (["ok :)"], ["ok :("]),
        (["ok 👍"], ["ok 👎"]),
        (["hindi", "pwede"], ["hindi pwede"]),
        (["di"], ["hindi"]),
    ],
)
def test_texts_that_may_mean_something_else_are_not(one: list[str], other: list[str]) -> None:
    assert text_key(one, "") != text_key(other, "")


def test_the_question_belongs_to_it() -> None:
    assert text_key(["oo"], "Tuloy ba?") != text_key(["oo"], "Kakanselahin ba?")
    assert text_key(["oo"], "") != text_key(["", "oo"], "oo")


def test_an_empty_text_says_nothing() -> None:
    assert text_key(["", "oo", " "], "") == text_key(["oo"], "")


def test_it_is_a_sha256() -> None:
    key = text_key(["\ud800 oo"], "")
    assert (len(key), int(key, 16) > 0) == (64, True)
