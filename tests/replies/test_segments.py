import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies.segments import (
    BASIC,
    EXTENSION,
    LIMITS,
    SUBSTITUTES,
    Encoding,
    Segments,
    count,
    encoding_of,
    gsm_safe,
    in_words,
    misfits,
    parts,
    room,
)

GSM, UCS = Encoding.GSM7, Encoding.UCS2
GRIN, FAMILY = "😀", "👨‍👩‍👧‍👦"
# Texts at the edges of one part and of several, as units and segments.
VECTORS: list[tuple[str, Encoding, int, int]] = [
    ("", GSM, 0, 0),
    ("a" * 160, GSM, 160, 1),
    ("a" * 161, GSM, 161, 2),
    ("a" * 306, GSM, 306, 2),
    ("a" * 307, GSM, 307, 3),
    ("a" * 158 + "€", GSM, 160, 1),
    ("a" * 159 + "€", GSM, 161, 2),
    ("a" * 152 + "€" + "a" * 152, GSM, 306, 3),  # the pair does not fit into the first part's last septet
    ("€" * 80, GSM, 160, 1),
    ("€" * 81, GSM, 162, 2),
    ("€" * 153, GSM, 306, 3),
    ("a\r\nb", GSM, 4, 1),
    ("Ç" * 160, GSM, 160, 1),
    ("ç" * 71, UCS, 71, 2),
    ("`" * 71, UCS, 71, 2),
    ("it’s" + "a" * 67, UCS, 71, 2),
    ("ж" * 70, UCS, 70, 1),
    ("ж" * 71, UCS, 71, 2),
    ("ж" * 134, UCS, 134, 2),
    ("ж" * 135, UCS, 135, 3),
    (GRIN * 35, UCS, 70, 1),
    (GRIN * 36, UCS, 72, 2),
    ("ж" * 66 + GRIN + "ж" * 5, UCS, 73, 2),
    ("ж" * 66 + GRIN + "ж" * 66, UCS, 134, 3),
    (GRIN * 67, UCS, 134, 3),
    (FAMILY * 9, UCS, 99, 2),
    ("a\x1bb", UCS, 3, 1),
    ("a\fb", GSM, 4, 1),
    ("a\tb" + "a" * 150, UCS, 153, 3),
    ("a\u00a0b", UCS, 3, 1),
    ("₱500" + "a" * 100, UCS, 104, 2),
    ("Hindi po ako makakapasok, may lagnat ang anak ko. Salamat po. " * 3, GSM, 186, 2),
    ("a\0b", UCS, 3, 1),
    ("\ud83d", UCS, 1, 1),
]
TEXTS = st.text(st.sampled_from("a\n€[~") | st.sampled_from("aж😀’") | st.characters(), max_size=400)


@pytest.mark.parametrize(("text", "encoding", "units", "segments"), VECTORS)
def test_it_counts(text: str, encoding: Encoding, units: int, segments: int) -> None:
    assert count(text) == Segments(encoding, units, segments)


def size(text: str) -> int:
    """Septets or UTF-16 units of a part, by another way than the code's."""
    if encoding_of(text) is UCS:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text) + sum(map(text.count, EXTENSION))


@given(TEXTS | TEXTS.map(lambda text: gsm_safe(text).encode("ascii", "ignore").decode()))
def test_its_parts_are_the_text_and_as_full_as_they_can_be(text: str) -> None:
    found, (whole, each) = parts(text), LIMITS[encoding_of(text)]
    assert ("".join(found), len(found)) == (text, count(text).segments)
    assert all(found)
    # In UTF-16 even where a part by itself would be GSM: the text travels one way.
    widths = [size(part + "ж") - 1 if encoding_of(text) is UCS else size(part) for part in found]
    assert sum(widths) == count(text).units
    assert max(widths, default=0) <= (whole if len(found) == 1 else each)
    firsts = [size("ж" + part[0]) - 1 if encoding_of(text) is UCS else size(part[0]) for part in found]
    assert all(width + first > each for width, first in zip(widths, firsts[1:], strict=False))


def test_no_part_ends_within_a_pair() -> None:
    assert [part[-1] for part in parts("a" * 152 + "€" * 10)] == ["a", "€"]
    assert [part[-1] for part in parts("ж" * 66 + GRIN * 3)] == ["ж", GRIN]


def test_the_alphabet_is_the_standards() -> None:
    assert (len(BASIC), len(EXTENSION), BASIC & EXTENSION) == (127, 10, frozenset())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Plain, with €, ñ and {brackets}", []),
        ("It’s “so” – it’s 😀", ["’", "“", "”", "–", "😀"]),
        ("tab\there`", ["\t", "`"]),
    ],
)
def test_it_names_the_characters_that_do_not_fit(text: str, found: list[str]) -> None:
    assert misfits(text) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Plain", "1"),
        ("It’s – so", "1 (UCS-2 for ’ –)"),
        ("a\u00a0b\u200bc", "1 (UCS-2 for U+00A0 U+200B)"),
        ("Привет, мир, как дела?", "1 (UCS-2 for П р и в е т м к а д …)"),
    ],
)
def test_it_tells_people_what_it_takes(text: str, told: str) -> None:
    assert in_words(1, text) == told


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("It’s “so” – see… • one\u00a0two", 'It\'s "so" - see... * one two'),
        ("₱500 → 2×", "PHP500 -> 2x"),
        ("María, ç, Škoda, Ñandú, niño", "Maria, c, Skoda, Ñandu, niño"),
        ("nin\u0303o, g\u0303a", "niño, ga"),  # accents that stand by themselves
        ("zero\u200bwidth\ufeff", "zerowidth"),
        # What is left, for there is nothing that means the same.
        ("10² ½ ≠ 30° 😀 Привет Ά", "10² ½ ≠ 30° 😀 Привет Ά"),
        (FAMILY, FAMILY),
    ],
)
def test_it_writes_what_the_alphabet_has_instead(text: str, safe: str) -> None:
    assert gsm_safe(text) == safe


@given(TEXTS)
def test_making_it_safe_changes_nothing_that_is(text: str) -> None:
    safe = gsm_safe(text)
    assert gsm_safe(safe) == safe
    if not misfits(text):
        assert safe == text
    assert len(misfits(safe)) <= len(misfits(text))


def test_every_substitute_is_in_the_alphabet() -> None:
    assert {key for key, value in SUBSTITUTES.items() if misfits(value)} == set()
    assert not set(SUBSTITUTES) & (BASIC | EXTENSION)


@pytest.mark.parametrize(
    ("text", "left"),
    [("", 160), ("a" * 160, 0), ("a" * 161, 145), ("ж", 69), ("ж" * 71, 63), ("a" * 159 + "€", 145)],
)
def test_it_says_how_much_room_is_left(text: str, left: int) -> None:
    assert room(text) == left
