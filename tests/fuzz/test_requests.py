"""Whatever surrounds a body, its headers, lengths, addresses and methods: it never breaks, and says what it refuses."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.models import Message
from tests.fuzz.gateway import JSON, URL, deliver, example, posted
from tests.fuzz.messages import NUMBERS, inputs, written
from tests.properties.effort import effort

pytestmark = pytest.mark.usefixtures("unharmed")
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
