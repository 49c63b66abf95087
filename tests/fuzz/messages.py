"""What may be posted: messages with nothing wrong in them, surely wrong ones, and anything else that JSON can say."""

import json
from typing import Any

from django.db import connection
from hypothesis import strategies as st

NUMBERS = ["+639171234567", "09171234567", "GLOBE", "8888", "\u202a+639171234567\u202c", "+", "1" * 255]
ODD = [
    "",
    " ",
    "\0",
    "\ud800",
    "\udc00",
    "\u200b",
    "\u202e",
    "\ufeff",
    "\U0010ffff",
    "x" * 255,
    "x" * 256,
    "\x1f",
]
any_character = st.characters(exclude_categories=())  # lone surrogates and all
texts = st.text(any_character, max_size=20) | st.sampled_from(ODD)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**4000), float("1e308"), float("inf")])
leaves = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
FIELDS = ["message", "number", "guid", "time_received", "date", "hour", "opt_out_type", "extra"]


@st.composite
def good_messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message with nothing wrong in it, odd as it may be."""
    message: dict[str, Any] = {
        "message": draw(texts),
        "number": draw(
            st.sampled_from(NUMBERS) | st.text(any_character, max_size=20).map(lambda text: f"n{text}")
        ),
        "guid": f"g{draw(st.integers(0, 30))}{draw(st.sampled_from(['', chr(0), chr(0xD800), chr(0xD801), '␀']))}",
    }
    times = st.sampled_from(
        ["2025-01-20 10:14:50", "0001-01-01", "9999-12-31T23:59:59-23:59", "2025-W01", "x"]
    )
    for name in ("time_received", "date", "hour"):
        if draw(st.booleans()):
            message[name] = draw(st.none() | times | st.text(any_character, max_size=20))
    if draw(st.integers(0, 9)) == 0:
        message["opt_out_type"] = draw(st.sampled_from(["STOP", "start", "Help", "", None]))
    if draw(st.integers(0, 9)) == 0:
        message["extra"] = draw(anything)
    return message


@st.composite
def bad_messages(draw: st.DrawFn) -> Any:
    """Something that is surely no message."""
    if draw(st.booleans()):
        return draw(leaves | st.lists(leaves, max_size=2))
    message = draw(good_messages())
    wrong: st.SearchStrategy[Any] = st.sampled_from([None, 1, 1.5, True, [], {}, "", " ", "x" * 256])
    name = draw(st.sampled_from(["number", "guid"]))
    message[name] = draw(wrong)
    if draw(st.booleans()):
        del message[name]
    if draw(st.integers(0, 4)) == 0:
        message = draw(good_messages()) | {
            "opt_out_type": draw(st.sampled_from([1, True, [], {}, " ", "STOP!"]))
        }
    return message


def written(document: Any) -> bytes:
    """As JSON; infinities and NaN too, as careless programs write them."""
    return json.dumps(document).encode()


def inputs(number: int) -> int:
    """What is posted is read in the same way whatever the database: a third of it for the second one, PostgreSQL."""
    return number if connection.vendor == "sqlite" else number // 3
