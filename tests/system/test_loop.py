"""Two copies of the service on one machine, each the other's only correspondent: they stop texting by themselves.

What one of them sends is posted to the other as if it came from the first one's number. One pair of numbers gets the
texts as they are; on the line of the other pair each text is changed on its way, as by a machine that adds the time,
so that nothing in it tells of a loop.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tests.support.smsmobileapi_server import Request, SmsMobileApiServer
from tests.system.conftest import StartService
from tests.system.database import query
from tests.system.numbers import new_number
from tests.system.service import Batch, Service, wait_until

WINDOW = 1
PER_HOUR = 3
QUIET = 4 * WINDOW  # seconds without a text after which nobody goes on


class Line(SmsMobileApiServer):
    """The provider of one of the two: takes its texts to the other one."""

    def __init__(self, phones: "Phones") -> None:
        super().__init__()
        self.phones = phones
        self.peer: Service | None = None
        self.changed = count(1)

    def note(self, request: Request) -> str:
        threading.Thread(target=self.carry, args=(request.form,), daemon=True).start()
        return super().note(request)

    def carry(self, form: dict[str, str]) -> None:
        sender = self.phones.other(form["recipients"])
        text = form["message"]
        if form["recipients"] in self.phones.changing:
            text = f"{text} {next(self.changed)}"
        assert self.peer is not None
        self.peer.post(sender, text)

    def sent_to(self, number: str) -> list[str]:
        return [one.form["message"] for one in self.requests if one.form["recipients"] == number]


@dataclass(frozen=True)
class Phones:
    """Ana's number and Ben's, for each of the two pairs."""

    plain: tuple[str, str] = field(default_factory=lambda: (new_number(), new_number()))
    changing: tuple[str, str] = field(default_factory=lambda: (new_number(), new_number()))

    def other(self, number: str) -> str:
        for one, two in (self.plain, self.changing):
            if number in (one, two):
                return two if number == one else one
        raise LookupError(number)


@dataclass(frozen=True)
class Pair:
    """Both services, where the first is Ana's, and the texts that each sends to the other's numbers."""

    ana: Service
    ben: Service
    to_ben: Line
    to_ana: Line
    phones: Phones

    def sent(self) -> int:
        return len(self.to_ben.requests) + len(self.to_ana.requests)

    def wait_for_quiet(self, seconds: float) -> None:
        """Until nothing has been sent for a while and nothing is left to do; raises AssertionError when it goes on."""
        deadline, seen, since = time.monotonic() + seconds, -1, 0.0
        while time.monotonic() - since < QUIET or not self.all_settled():
            assert time.monotonic() < deadline, f"they are at it still: {self.sent()} texts"
            if self.sent() != seen:
                seen, since = self.sent(), time.monotonic()
            time.sleep(0.1)

    def all_settled(self) -> bool:
        found = [
            *(batch for number in self.numbers(1) for batch in self.ana.batches(number)),
            *(batch for number in self.numbers(0) for batch in self.ben.batches(number)),
        ]
        return bool(found) and all(batch.settled for batch in found)

    def numbers(self, whose: int) -> list[str]:
        return [self.phones.plain[whose], self.phones.changing[whose]]


@pytest.fixture(scope="module")
def loop(running: StartService) -> Iterator[Pair]:
    """The loop after it has come to its end."""
    settings: dict[str, Any] = {
        "CONSOLIDATION_WINDOW": WINDOW,
        "WORKERS": 1,
        "CLASSIFICATION_MODE": "rules",
        "SENDER_REPLIES_PER_HOUR": PER_HOUR,
        "SENDER_REPLIES_PER_DAY": 20,
        "REPEATED_TEXTS": 3,
    }
    phones = Phones()
    with ExitStack() as stack:
        to_ben, to_ana = (stack.enter_context(Line(phones)) for _ in range(2))
        ana = stack.enter_context(running("loop-ana", SMS_MOBILE_API_URL=to_ben.url, **settings))
        ben = stack.enter_context(running("loop-ben", SMS_MOBILE_API_URL=to_ana.url, **settings))
        to_ben.peer, to_ana.peer = ben, ana
        pair = Pair(ana, ben, to_ben, to_ana, phones)
        for (_, bens), text in ((phones.plain, "Yes, I can help"), (phones.changing, "Yes, I can come")):
            ana.send(bens, text)
        wait_until(lambda: pair.sent() >= 2, 30, ana.logs)
        pair.wait_for_quiet(60)
        yield pair


def last(service: Service, number: str) -> Batch:
    return service.batches(number)[-1]


def test_what_was_sent_before_comes_back_and_ends_it(loop: Pair) -> None:
    """Ben sends back what Ana's machine has said: an echo, or the same again and again."""
    anas, bens = loop.phones.plain
    assert 1 <= len(loop.to_ben.sent_to(bens)) <= PER_HOUR
    ends = {last(loop.ana, bens).replies[-1]["reason"], last(loop.ben, anas).replies[-1]["reason"]}
    assert ends & {"echo", "repeated_text"}


def test_texts_that_differ_end_with_the_first_limit(loop: Pair) -> None:
    anas, bens = loop.phones.changing
    sent = [len(loop.to_ben.sent_to(bens)), len(loop.to_ana.sent_to(anas))]
    assert max(sent) == PER_HOUR
    assert min(sent) >= PER_HOUR - 1
    stopped = [one for one in (last(loop.ana, bens), last(loop.ben, anas)) if one.outcome == "suppressed"]
    assert [one.replies[-1]["reason"] for one in stopped] == ["sender_per_hour"]


def test_every_text_is_stored_and_understood_all_the_same(loop: Pair) -> None:
    for service, numbers in ((loop.ana, loop.numbers(1)), (loop.ben, loop.numbers(0))):
        for number in numbers:
            assert all(batch.label for batch in service.batches(number))


def test_who_sent_an_echo_is_muted(loop: Pair) -> None:
    mutes = [
        row
        for service in (loop.ana, loop.ben)
        for row in query(service.database, ["number", "reason"], "replies_mute")
    ]
    assert {row["reason"] for row in mutes} <= {"echo", "repeated_text"}
    assert {row["number"] for row in mutes} <= set(loop.phones.plain)
    assert mutes
