"""What fuzzing has found, each with the smallest request that showed it."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import UnreadablePostError
from django.test import Client

from batches.inbound import body, smsmobileapi
from batches.inbound.base import Malformed
from batches.models import Message, RejectedDelivery
from tests.fuzz.gateway import Answer, deliver

GOOD = '{"message": "Yes", "number": "+639171234567", "guid": "good"}'


def post(text: str) -> Answer:
    return deliver(text.encode())


@contextmanager
def good_is_stored() -> Iterator[None]:
    yield
    assert Message.objects.filter(provider_message_id="good").count() == 1


@pytest.mark.parametrize(
    "parameter",
    ["a*=klingon''x", "charset=rot13", "charset*=klingon'y'z", "charset=hex", "a*0*=b'c", 'charset="'],
)
def test_parameters_of_a_content_type_do_not_matter(parameter: str) -> None:
    with good_is_stored():
        assert (
            deliver(GOOD.encode(), content_type=f"application/json; {parameter}", query="a=b").status == 200
        )


def test_what_is_blank_is_described_to_the_character() -> None:
    """A number of U+001E alone was refused, and as described (no white space, as JavaScript has it) it was none."""
    assert post('{"message": "Yes", "number": "\\u001e", "guid": "a"}').status == 400
    every = map(chr, range(sys.maxunicode + 1))
    assert [one for one in every if bool(one.strip()) != bool(re.search(smsmobileapi.INK, one))] == []


def test_a_form_with_a_broken_parameter_is_still_a_form() -> None:
    assert deliver(b"a=b", content_type="text/html; a*=klingon''x").status == 415


def test_what_cannot_be_written_down_costs_nobody_else() -> None:
    """Somewhere near the interpreter's limit, JSON can be read and not be written again."""
    refused = 0
    for depth in range(600, 1000, 5):
        answer = post(f'[{GOOD}, {{"extra": {"[" * depth}{"]" * depth}}}]')
        readable = "nested too deeply" not in answer.document["message"]
        refused += readable and answer.document.get("rejected", 0)
        assert readable == (answer.status == 200)
    assert refused
    with good_is_stored():
        pass


def test_a_message_that_cannot_be_written_down_is_refused_alone() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    good = json.loads(GOOD)
    delivery = smsmobileapi.parse([good, good | {"extra": deep}, {"extra": deep}])
    assert [message.provider_message_id for message in delivery.messages] == ["good"]
    assert {(refusal.index, refusal.reason) for refusal in delivery.refusals} >= {(1, "nested too deeply")}
    assert {refusal.index for refusal in delivery.refusals} == {1, 2}
    assert delivery.refused_items == ["nested too deeply"] * 2


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1e999", "-1e999"])
def test_a_number_that_is_too_large_costs_nobody_a_message(number: str) -> None:
    with good_is_stored():
        assert post(GOOD[:-1] + f', "extra": {number}}}').status == 200
    payload = json.loads(Message.objects.get().payload, parse_constant=pytest.fail)
    assert payload["extra"] == number


def test_identifiers_that_differ_stay_two() -> None:
    odd = ("\\ud800", "\\ud801", "\\u0000", "\u2400", "\ufffd")
    guids = [*odd, *(guid.replace("\\", "\\\\") for guid in odd[:3])]  # and the same spelled out
    texts = [GOOD.replace('"good"', f'"{guid}"') for guid in guids]
    assert post(f"[{','.join(texts)}]").document["processed"] == 8
    assert post(f"[{','.join(texts)}]").document["skipped"] == 8
    plain = Message.objects.filter(
        provider_message_id__in=["\u2400", "\ufffd", r"\ud800", r"\ud801", r"\u0000"]
    )
    assert plain.count() == 5  # what can be stored stays as it is


def test_long_identifiers_that_differ_stay_two_and_longer_ones_are_refused() -> None:
    guids = ["\\u0000" * 254 + "\\ud800", "\\u0000" * 254 + "\\ud801", "\\u0000" * 256]
    texts = [GOOD.replace('"good"', f'"{guid}"') for guid in guids]
    document = post(f"[{','.join(texts)}]").document
    assert (document["processed"], document["rejected"]) == (2, 1)
    assert "255 characters" in document["errors"][0]["reason"]


def test_a_compressed_body_is_refused_by_its_name() -> None:
    answer = deliver(b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert answer.status == 415
    assert "Content-Encoding must be identity, not gzip" in answer.document["errors"][0]["reason"]


def test_a_connection_that_breaks_is_no_fault_of_ours(rf: Any) -> None:
    class Broken:
        def read(self, _size: int) -> bytes:
            raise OSError("connection reset")

    request = rf.post("/", b"{}", content_type="application/json")
    request._stream = Broken()
    with pytest.raises(UnreadablePostError):
        request.read(1)
    with pytest.raises(Malformed, match="the connection broke"):
        body.read(request)


def test_a_list_of_nonsense_fills_no_table() -> None:
    answer = post(json.dumps([{}] * 500))
    assert len(answer.document["errors"]) == 1500
    assert len(RejectedDelivery.objects.get().errors) == 100


@pytest.mark.parametrize("item", ["5", "null", '"text"', "[]"])
def test_what_is_no_object_is_told_so(item: str) -> None:
    error = {"index": 0, "field": "", "reason": "Input should be a JSON object"}
    assert post(f"[{item}]").document["errors"] == [error]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_refuses_other_methods_as_such(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path).status_code == 405
