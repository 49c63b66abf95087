import pytest
from django.utils.safestring import SafeString

from batches.templatetags.untrusted import one_line, reveal


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert('x')</script>", "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"),
        ("{{ 7|add:7 }} {% debug %}", "{{ 7|add:7 }} {% debug %}"),
        ("Opo, sige po! 👍🏽 ❤️", "Opo, sige po! 👍🏽 ❤️"),
        ("two\r\nlines\tand tab", "two\nlines\tand tab"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_it_shows_what_can_be_seen_as_it_is_but_escaped(text: str, html: str) -> None:
    assert reveal(text) == f"<bdi>{html}</bdi>"


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\u202e", "U+202E"),  # right-to-left override
        ("\u2066", "U+2066"),  # isolate
        ("\u200b", "U+200B"),  # zero-width space
        ("\u00ad", "U+00AD"),  # soft hyphen
        ("\u2028", "U+2028"),  # line separator
        ("\u3164", "U+3164"),  # a letter without a shape
        ("\ue000", "U+E000"),  # private
        ("\x07", "U+0007"),
        ("\r", "U+000D"),
        ("\U000e0041", "U+E0041"),  # tag, hides text
        ("\u200d", "U+200D"),  # a joiner that joins no emoji
    ],
)
def test_it_marks_what_nobody_can_see(character: str, code: str) -> None:
    html = reveal(f"pay {character}now")
    assert f">{code}</code>now" in html
    assert character not in html


def test_it_names_the_character_it_marks() -> None:
    assert 'title="RIGHT-TO-LEFT OVERRIDE"' in reveal("\u202e")


def test_it_escapes_around_a_mark_too() -> None:
    assert "<b>" not in reveal("<b>\u202e<b>")


def test_it_keeps_a_family_together() -> None:
    assert reveal("👨‍👩‍👧 👩🏽‍⚕️ ❤️‍🔥") == "<bdi>👨‍👩‍👧 👩🏽‍⚕️ ❤️‍🔥</bdi>"


def test_it_never_trusts_a_text_that_claims_to_be_safe() -> None:
    assert reveal(SafeString("<i>")) == "<bdi>&lt;i&gt;</bdi>"


def test_it_cuts_a_long_text_to_one_line() -> None:
    assert one_line("a\nb  c" + "x" * 100, 10) == "<bdi>a b cxxxxx…</bdi>"
