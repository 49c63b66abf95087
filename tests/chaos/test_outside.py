"""The fake providers of a chaos run: they accept once for a reference, fail as told, and remember it."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import requests

from chaos.outside import CLEAR, DEVICE, FINE, PASSWORD, UNCLEAR, USER, WRONG, Fault, Provider

ANNA = "+639170000001"


@pytest.fixture
def gate() -> Iterator[Provider]:
    with Provider("smsgate", Random(1)) as provider:
        yield provider


@pytest.fixture
def mobile() -> Iterator[Provider]:
    with Provider("smsmobileapi", Random(1)) as provider:
        yield provider


def post(gate: Provider, identity: str, password: str = PASSWORD) -> requests.Response:
    message: dict[str, Any] = {"id": identity, "deviceId": DEVICE, "phoneNumbers": [ANNA]}
    message["textMessage"] = {"text": "Thanks"}
    return requests.post(f"{gate.base}/messages", json=message, auth=(USER, password), timeout=5)


def send(mobile: Provider, *, stream: bool = False) -> requests.Response:
    form = {"apikey": "key", "recipients": ANNA, "message": "Thanks"}
    return requests.post(mobile.url, data=form, timeout=2, stream=stream)


def test_the_gate_accepts_an_id_once(gate: Provider) -> None:
    assert [post(gate, "1").status_code, post(gate, "1").status_code, post(gate, "2").status_code] == [
        202,
        409,
        202,
    ]
    assert [call.accepted for call in gate.calls] == [True, False, True]


def test_the_gate_finds_no_fault_with_what_it_was_asked_before(
    gate: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.misbehaves = True
    monkeypatch.setattr(gate, "_throw", lambda: UNCLEAR[0])
    assert post(gate, "1").status_code == 500
    monkeypatch.setattr(gate, "_throw", lambda: WRONG)
    assert [post(gate, "1").status_code, post(gate, "2").status_code] == [202, 400]


def test_the_gate_fails_twice_at_most_for_one_message(
    gate: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.misbehaves = True
    monkeypatch.setattr(gate, "_throw", lambda: UNCLEAR[0])
    assert [post(gate, "1").status_code for _ in range(3)] == [500, 500, 202]
    assert post(gate, "2").status_code == 500


def test_the_gate_wants_the_password(gate: Provider) -> None:
    assert post(gate, "1", "wrong").status_code == 401
    assert gate.calls == []


def test_nothing_fails_before_it_is_told_to(mobile: Provider) -> None:
    assert {send(mobile).status_code for _ in range(50)} == {200}
    assert {call.fault for call in mobile.calls} == {FINE}


@pytest.mark.parametrize("fault", [*CLEAR, *UNCLEAR[:-1]], ids=lambda fault: fault.name)
def test_each_fault_is_played_and_remembered(
    mobile: Provider, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    mobile.misbehaves = True
    monkeypatch.setattr(mobile, "_throw", lambda: fault)
    try:
        answer: requests.Response | None = send(mobile)
    except requests.RequestException:
        answer = None

    clear = answer is not None and answer.status_code != 500
    assert clear == fault.clear
    assert [(call.fault, call.accepted) for call in mobile.calls] == [(fault, fault.accepts)]


def test_429_says_when_to_come_again(mobile: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    mobile.misbehaves = True
    monkeypatch.setattr(mobile, "_throw", lambda: CLEAR[1])
    assert send(mobile).headers["Retry-After"] == "1"


def test_a_drip_never_comes_to_an_end(mobile: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    mobile.misbehaves = True
    monkeypatch.setattr(mobile, "_throw", lambda: UNCLEAR[-1])
    with send(mobile, stream=True) as answer:
        assert (next(answer.iter_content(1)), answer.headers["Content-Length"]) == (b" ", "10000")
    assert mobile.calls[0].accepted
