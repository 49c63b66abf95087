"""Anything may be posted to the webhook: it never breaks, never loses a good message, and says what it refuses."""

import gzip
import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from batches.models import Message
from tests.fuzz.gateway import JSON, URL, deliver, example, posted
from tests.properties.effort import effort
from tests.properties.rows import check_batches, check_messages, read

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


@pytest.fixture(autouse=True)
def _unharmed(db: None) -> Any:
    """The database is as it should be afterwards, and takes a good message."""
    yield
    assert (
        deliver(written({"message": "Yes", "number": NUMBERS[0], "guid": "last"})).document["processed"] == 1
    )
    rows = read()
    check_messages(rows)
    check_batches(rows)


def test_raw_bodies() -> None:
    pieces = st.sampled_from(
        [
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b":",
            b",",
            b"\\u",
            b"\\ud800",
            b"1e999",
            b"-",
            b"NaN",
            b"Infinity",
            b"null",
        ]
        + [b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"[" * 2000, b"9" * 5000]
        + [f'"{name}":'.encode() for name in [*FIELDS, "messages"]]
        + [b'{"messages":[{"guid":"g","number":"8888","message":"a"}]}']
    )
    bodies = st.binary(max_size=60) | st.lists(pieces, max_size=12).map(b"".join)

    @effort(inputs(4500))
    @given(bodies)
    def check(body: bytes) -> None:
        with example("raw bodies"):
            answer = deliver(body)
            assert Message.objects.count() == answer.document.get("processed", 0)

    check()
    assert posted["raw bodies"] >= inputs(4500)


def test_documents() -> None:
    fields = st.dictionaries(st.sampled_from(FIELDS) | texts, anything, max_size=7)
    documents = (
        anything
        | fields
        | st.lists(fields, max_size=3)
        | st.builds(lambda inner: {"messages": inner}, anything)
    )

    @effort(inputs(1500))
    @given(documents, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1"]))
    def check(document: Any, encoding: str) -> None:
        with example("documents of any shape"):
            text = json.dumps(document, ensure_ascii=False)
            answer = deliver(text.encode(encoding, "backslashreplace"))
            assert Message.objects.count() == answer.document.get("processed", 0)

    check()
    assert posted["documents of any shape"] >= inputs(1500)


def test_good_among_bad() -> None:
    """Every good message of a list is stored, and every bad one is named."""
    lists = st.lists(
        st.tuples(st.just(True), good_messages()) | st.tuples(st.just(False), bad_messages()), max_size=6
    )

    @effort(inputs(1500))
    @given(lists, st.booleans())
    def check(items: list[tuple[bool, Any]], bare: bool) -> None:
        # What JSON cannot say is not in this test: a list that holds it cannot be read at all.
        documents = [json.loads(json.dumps(item), parse_constant=str) for _, item in items]
        with example("lists of good and bad messages"):
            answer = deliver(written(documents if bare else {"messages": documents}))
            good = [document for (is_good, _), document in zip(items, documents, strict=True) if is_good]
            bad = {index for index, (is_good, _) in enumerate(items) if not is_good}
            stored = len({document["guid"] for document in good})
            result = answer.document
            assert answer.status == (400 if bad and not good else 200)
            assert (result["processed"], result["skipped"]) == (stored, len(good) - stored)
            assert result["message_count"] == len(items)
            assert {error["index"] for error in result.get("errors", [])} == bad
            assert Message.objects.count() == stored

    check()
    assert posted["lists of good and bad messages"] >= inputs(1500)


TYPES = [
    JSON,
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    "/",
    ";",
    "*/*",
]
PARAMETERS = [
    "",
    "; charset=utf-8",
    "; charset=utf-16",
    "; charset=klingon",
    "; a*=klingon''%ff",
    "; charset*=x'y'z",
]
PARAMETERS += [
    "; charset=rot13",
    ";;;",
    '; charset="',
    "; =",
    "; charset=" + "a" * 300,
    "; a*0*=b; a*1=c",
    "; a*=''",
]
HEADERS = [
    "Accept",
    "Content-Encoding",
    "Transfer-Encoding",
    "X-Forwarded-For",
    "Cookie",
    "Authorization",
    "Expect",
]
HEADERS += [
    "Accept-Language",
    "X-HTTP-Method-Override",
    "If-Modified-Since",
    "Range",
    "User-Agent",
    "Referer",
]


def test_headers() -> None:
    """Anything that HTTP lets through in a header: what is JSON is stored, or refused with a reason."""
    field = st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30
    )
    content_types = (
        st.builds(str.__add__, st.sampled_from(TYPES), st.sampled_from(PARAMETERS))
        | field
        | field.map(lambda text: f"{JSON};{text}")
    )
    values = field | st.sampled_from(
        ["gzip", "identity", "chunked", "text/html", "*/*;q=0", "bytes=0-1", "100-continue"]
    )
    body = written({"message": "Yes", "number": NUMBERS[0], "guid": "g"})

    @effort(inputs(1500))
    @given(content_types | st.none(), st.dictionaries(st.sampled_from(HEADERS), values, max_size=4), field)
    def check(content_type: str | None, headers: dict[str, str], query: str) -> None:
        with example("headers"):
            answer = deliver(body, headers, content_type=content_type, query=query)
            assert answer.status in (200, 415)
            assert Message.objects.count() == (answer.status == 200)

    check()
    assert posted["headers"] >= inputs(1500)


def test_lengths() -> None:
    """A Content-Length that lies, or none: what is complete is stored, what is cut is refused."""
    body = written({"message": "Yes", "number": NUMBERS[0], "guid": "g"})
    lies = st.integers(-5, 2 * len(body)).map(str) | st.sampled_from(
        ["x", "1e3", "0x10", "9" * 30, "+5", " 7"]
    )

    @effort(500)
    @given(lies | st.none(), st.booleans())
    def check(length: str | None, compressed: bool) -> None:
        with example("lengths and codings"):
            sent = gzip.compress(body, mtime=0) if compressed else body
            answer = deliver(sent, {"Content-Encoding": "gzip"} if compressed else {}, length=length)
            whole = length is None or (length.strip().isdigit() and int(length) >= len(body))
            assert answer.status == (415 if compressed else 200 if whole else 400)

    check()


def test_addresses_and_methods() -> None:
    methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"])
    paths = st.sampled_from([URL, URL + "/"])

    @effort(300)
    @given(methods, paths, st.binary(max_size=10))
    def check(method: str, path: str, body: bytes) -> None:
        with example("methods"):
            answer = deliver(body, method=method, path=path)
            assert answer.status in (200, 400, 405)
            assert answer.status != 405 or "POST" in answer.headers["Allow"]

    check()


def test_sizes(settings: Any) -> None:
    """At the limits, and one beyond."""
    limit = settings.WEBHOOK_MAX_BYTES
    frame = written({"message": "", "number": NUMBERS[0], "guid": "g"})
    sizes = st.sampled_from([limit - 1, limit, limit + 1]) | st.integers(len(frame), 70_000)

    @effort(100)
    @given(sizes, st.booleans())
    def check(size: int, chunked: bool) -> None:
        with example("sizes"):
            body = frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"', 1)
            answer = deliver(body, length=None if chunked else "")
            assert answer.status == (413 if size > limit else 200)

    @effort(40)
    @given(st.sampled_from([499, 500, 501, 502]) | st.integers(0, 30))
    def check_count(count: int) -> None:
        with example("numbers of messages"):
            body = written(
                [{"message": "", "number": NUMBERS[0], "guid": f"g{number}"} for number in range(count)]
            )
            answer = deliver(body)
            assert answer.status == (413 if count > 500 else 200)
            assert Message.objects.count() == (0 if count > 500 else count)

    check()
    check_count()


def test_depths() -> None:
    """Whether it can be read, and whether it can be written down again: a good message beside it is not lost."""
    good = {"message": "Yes", "number": NUMBERS[0], "guid": "g"}

    @effort(200)
    @given(st.integers(1, 1200) | st.integers(850, 1000), st.sampled_from(["[", '{"a":']), st.booleans())
    def check(depth: int, opening: str, usable: bool) -> None:
        with example("depths"):
            deep = opening * depth + "1" + ("]" if opening == "[" else "}") * depth
            fields = '"message":"","number":"8888","guid":"h",' if usable else ""
            answer = deliver(f'[{json.dumps(good)},{{{fields}"extra":{deep}}}]'.encode())
            unreadable = answer.status == 400 and "nested too deeply" in answer.document["message"]
            assert unreadable or answer.document["processed"] >= 1
            assert depth > 800 or answer.document["processed"] == 1 + usable

    check()
