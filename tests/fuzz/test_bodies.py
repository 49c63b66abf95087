"""Any body may be posted to the webhook: it never breaks, never loses a good message, and says what it refuses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.models import Message
from tests.fuzz.gateway import deliver, example, posted
from tests.fuzz.messages import FIELDS, NUMBERS, anything, bad_messages, good_messages, inputs, texts, written
from tests.properties.effort import effort

pytestmark = pytest.mark.usefixtures("unharmed")


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
