"""kill -9 at every step: before and after each commit and each call to a service outside, one after the other.

Each path is walked with a conversation of its own for every moment: the process that runs the step is killed at the
first moment, the next one at the second, until one comes through. Then a worker and a sweeper that nobody disturbs
finish what was left, and each conversation is judged by what the provider saw and what the rows tell.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.system.conftest import StartService
from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import ROOT, Batch, Service, wait_until

pytestmark = pytest.mark.timeout(600)  # the walk itself, before the first test

WINDOW = 1
MOST = 40  # moments of one path; more is a loop that never ends
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.system.settings",
    "CONSOLIDATION_WINDOW": WINDOW,
    "OPENAI_TIMEOUT": 0.6,
    "OPENAI_DEADLINE": 2,
    "SMS_TIMEOUT": 1.5,
    "BATCH_LEASE_SECONDS": 4.5,
}


class Processes:
    """Processes that run one step each, and die at a chosen moment of it (see faults.py)."""

    def __init__(self, service: Service, **environment: str) -> None:
        self.log = (service.directory / f"faults-{uuid4().hex}.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.faults"],
            cwd=ROOT,
            env=service.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def run(self, action: str, *arguments: Any, at: int = 0) -> dict[str, Any]:
        """Run it; what is killed is said to be, and what fails in any other way raises AssertionError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"action": action, "arguments": arguments, "at": at}
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert told["killed"] or told["code"] == 0, Path(self.log.name).read_text()[-3000:]
        return told

    def close(self) -> None:
        self.process.communicate(timeout=10)
        self.log.close()


@dataclass
class Walked:
    """A conversation whose process was killed at a moment ("" for the one that came through)."""

    point: str
    sender: str
    guids: list[str]
    in_the_call: bool = False  # the reply was with the provider, as far as the rows told after the kill
    batches: list[Batch] = field(default_factory=list)


def _message(sender: str, guid: str, text: str = "Yes") -> dict[str, str]:
    return {"message": text, "number": sender, "guid": guid, "time_received": "2025-01-20 10:14:50"}


class Walk:
    """Everything that is walked, on one database. Each path gives its conversations in the order of the moments."""

    def __init__(self, service: Service, model: Model, gateway: Gateway) -> None:
        self.service, self.model, self.gateway = service, model, gateway
        self.plain = Processes(service, CLASSIFICATION_MODE="rules")
        self.asking = Processes(service)
        self.paths: dict[str, list[Walked]] = {}

    def close(self) -> None:
        self.plain.close()
        self.asking.close()

    # --- the walk ------------------------------------------------------------------------------------------
    def path(self, step: Callable[[Walked, int], dict[str, Any]], **conversation: Any) -> list[Walked]:
        """Run `step` with a new conversation for each moment, until it comes through."""
        return self.through([self.begin(**conversation)], step, lambda: self.begin(**conversation))

    def through(
        self,
        pool: list[Walked],
        step: Callable[[Walked, int], dict[str, Any]],
        more: Callable[[], Walked] | None = None,
    ) -> list[Walked]:
        walked: list[Walked] = []
        for at in range(1, MOST + 1):
            one = pool[at - 1] if len(pool) >= at else more() if more else None
            assert one is not None
            told = step(one, at)
            walked.append(one)
            if not told["killed"]:
                return walked
            one.point = told["points"][-1]
            one.in_the_call = one.in_the_call or self._in_the_call(one)
        raise AssertionError(f"more than {MOST} moments: {[one.point for one in walked]}")

    def begin(self, text: str = "Yes", sender: str = "", posted: int = 1) -> Walked:
        """A conversation with messages that are stored already."""
        one = Walked("", sender or new_number(), [])
        for _ in range(posted):
            self.post(one, self.plain, text)
        return one

    def post(self, one: Walked, by: Processes, text: str = "Yes", at: int = 0) -> dict[str, Any]:
        """A client that posts until it has an answer, like the provider."""
        one.guids.append(uuid4().hex)
        message = _message(one.sender, one.guids[-1], text)
        told = by.run("post", message, at=at)
        if told["killed"]:
            [answer] = by.run("post", message)["answer"]
            assert answer["processed"] + answer["skipped"] == 1
        return told

    def _in_the_call(self, one: Walked) -> bool:
        return any(r["status"] == "sending" for batch in self.batches(one) for r in batch.replies)

    def batches(self, one: Walked) -> list[Batch]:
        return self.service.batches(one.sender)

    # --- the paths -----------------------------------------------------------------------------------------
    def ingest(self) -> list[Walked]:
        return self.path(lambda one, at: self.post(one, self.plain, at=at), posted=0)

    def ingest_after_the_window(self) -> list[Walked]:
        """The message finds a batch that is over its time, closes it and opens the next."""
        pool = [self.begin() for _ in range(MOST)]
        time.sleep(WINDOW + 0.1)
        return self.through(pool, lambda one, at: self.post(one, self.plain, at=at))

    def closing(self) -> list[Walked]:
        def step(_: Walked, at: int) -> dict[str, Any]:
            time.sleep(WINDOW + 0.1)
            return self.plain.run("sweep", 0, at=at)

        return self.path(step)

    def leading(self) -> list[Walked]:
        def step(_: Walked, at: int) -> dict[str, Any]:
            for role in ("sweep-leader", "sweep-standby"):
                self.plain.run("vacate", role)
            return self.plain.run("sweep", WINDOW + 0.3, at=at)

        return self.path(step)

    def reaping(self) -> list[Walked]:
        def step(one: Walked, at: int) -> dict[str, Any]:
            time.sleep(WINDOW + 0.1)
            self.plain.run("sweep", 0)
            [batch] = self.batches(one)
            self.plain.run("process", batch.id, at=2)  # after it has claimed the batch
            self.plain.run("abandon", batch.id)
            return self.plain.run("sweep", 0, at=at)

        return self.path(step)

    def working(
        self, by: Processes, new: Callable[[], str] = new_number, text: str = "Yes", fault: str = "ok"
    ) -> list[Walked]:
        """A worker takes a closed batch to its end."""
        pool = [self.begin(text=text, sender=new()) for _ in range(MOST)]
        self.gateway.behaviours |= {one.sender: fault for one in pool}
        time.sleep(WINDOW + 0.1)
        self.plain.run("sweep", 0)
        ids = {one.sender: self.batches(one)[0].id for one in pool}
        return self.through(pool, lambda one, at: by.run("process", ids[one.sender], at=at))

    def giving_way(self) -> list[Walked]:
        """A worker comes to the reply when its sender has written on: the later batch is still open."""

        def step(one: Walked, at: int) -> dict[str, Any]:
            time.sleep(WINDOW + 0.1)
            self.plain.run("sweep", 0)
            [batch] = self.batches(one)
            self.post(one, self.plain)
            return self.plain.run("process", batch.id, at=at)

        return self.path(step)

    def gathering(self) -> list[Walked]:
        """The later batch's worker comes first, and takes the earlier one's texts over."""

        def step(one: Walked, at: int) -> dict[str, Any]:
            time.sleep(WINDOW + 0.1)
            self.post(one, self.plain, at=0)
            time.sleep(WINDOW + 0.1)
            self.plain.run("sweep", 0)
            return self.plain.run("process", self.batches(one)[-1].id, at=at)

        return self.path(step)

    def taking_over(self) -> list[Walked]:
        """A worker takes over from one that was killed when the reply was just about to leave."""
        moments = self.working(self.plain)
        before = [one.point for one in moments].index("before the provider's call") + 1

        def step(one: Walked, at: int) -> dict[str, Any]:
            time.sleep(WINDOW + 0.1)
            self.plain.run("sweep", 0)
            [batch] = self.batches(one)
            self.plain.run("process", batch.id, at=before)
            one.in_the_call = self._in_the_call(one)
            assert one.in_the_call
            self.plain.run("abandon", batch.id)
            self.plain.run("sweep", 0)
            return self.plain.run("process", batch.id, at=at)

        return self.path(step)


PATHS: dict[str, Callable[[Walk], list[Walked]]] = {
    "web: a message opens a batch": Walk.ingest,
    "web: a message finds its batch over": Walk.ingest_after_the_window,
    "sweep: closing what is due": Walk.closing,
    "sweep: leading": Walk.leading,
    "sweep: queueing again what a dead worker left": Walk.reaping,
    "worker: rules, accepted by the provider": lambda walk: walk.working(walk.plain),
    "worker: rules, refused by the provider": lambda walk: walk.working(walk.plain, fault="result_error"),
    "worker: the model, accepted by the provider": lambda walk: walk.working(walk.asking),
    "worker: the model fails, rules decide": lambda walk: walk.working(walk.asking, text="Yes, without it"),
    "worker: not a number, no reply": lambda walk: walk.working(
        walk.plain, new=lambda: f"ABC{new_number()[-7:]}"
    ),
    "worker: its sender wrote on, the later batch is open": Walk.giving_way,
    "worker: its sender wrote before, nobody has begun that": Walk.gathering,
    "worker: taking over from one that died in the call": Walk.taking_over,
}
TOGETHER = [path for path in PATHS if "its sender wrote" in path]
# Its two batches are answered together where nobody worked on the first one before the second was over.
MAY_BE_TOGETHER = [*TOGETHER, "web: a message finds its batch over"]
UNSETTLED = "SELECT id FROM batches_batch WHERE status NOT IN ('completed', 'failed')"
OUTCOMES = {
    "worker: rules, refused by the provider": "refused",
    "worker: not a number, no reply": "suppressed",
    "worker: taking over from one that died in the call": "unknown",
}


@pytest.fixture(scope="module")
def walk(running: StartService, model: Model, gateway: Gateway) -> Iterator[Walk]:
    """Every path walked, then finished by a worker and a sweeper, and what became of each conversation."""
    model.behaviours["Yes, without it"] = "401"
    with running("faults", programs=(), **SETTINGS) as service:
        walk = Walk(service, model, gateway)
        try:
            walk.paths = {name: path(walk) for name, path in PATHS.items()}
        finally:
            walk.close()
        service.start("worker")
        service.start("sweeper")
        for conversations in walk.paths.values():
            for one in conversations:
                one.batches = service.wait_for_settled(one.sender, seconds=90)
        yield walk


@pytest.fixture(scope="module")
def walked(walk: Walk) -> dict[str, list[Walked]]:
    return walk.paths


@pytest.mark.parametrize("path", PATHS)
def test_no_moment_loses_or_repeats_anything(
    walked: dict[str, list[Walked]], gateway: Gateway, path: str
) -> None:
    for one in walked[path]:
        told = f"killed {one.point}: {one}"
        stored = [text for batch in one.batches for text in batch.texts]
        sent, live = len(gateway.sent_to(one.sender)), [_live(batch) for batch in one.batches]
        outcomes = {batch.outcome for batch in one.batches}
        wanted = {OUTCOMES.get(path, "replied")} | ({"unknown"} if one.in_the_call else set())
        wanted |= {"superseded"} if path in MAY_BE_TOGETHER else set()

        assert len(stored) == len(one.guids), told
        assert all(number <= 1 for number in live), told
        assert sent <= sum(live), told
        assert outcomes <= wanted, told
        if not one.in_the_call:
            assert sent == sum(live), told
        if (
            path in TOGETHER
        ):  # where a worker died at the later batch, the earlier one may be answered by itself
            together = [batch.outcome == "superseded" for batch in one.batches]
            assert sum(live) == together.count(False), told
            assert one.point or together == [True, False], told


@pytest.mark.parametrize(
    "breach",
    [
        # a batch that counts other messages than it has, or tells of them
        """SELECT b.id FROM batches_batch b WHERE message_count <>
           (SELECT count(*) FROM batches_message m WHERE m.batch_id = b.id)""",
        # a step that was made and not told, or told and not made
        """SELECT b.id FROM batches_batch b WHERE attempts <>
           (SELECT count(*) FROM batches_batchevent e WHERE e.batch_id = b.id AND e.kind = 'claimed')""",
        """SELECT b.id FROM batches_batch b WHERE 1 <>
           (SELECT count(*) FROM batches_batchevent e WHERE e.batch_id = b.id AND e.kind IN ('completed', 'failed'))""",
        """SELECT b.id FROM batches_batch b WHERE outcome <> 'superseded' AND 1 <>
           (SELECT count(*) FROM classification_classification c WHERE c.batch_id = b.id)""",
        # a batch that is answered with a later one, which does not know of it
        """SELECT b.id FROM batches_batch b WHERE carry_overs <>
           (SELECT count(*) FROM batches_batch e WHERE e.successor_id = b.id)""",
        """SELECT b.id FROM batches_batch b WHERE (outcome = 'superseded') <> (successor_id IS NOT NULL)""",
        """SELECT r.id FROM replies_reply r WHERE attempt_count <>
           (SELECT count(*) FROM replies_replyattempt a WHERE a.reply_id = r.id)""",
    ],
)
def test_the_rows_agree_with_each_other(walk: Walk, breach: str) -> None:
    """Over everything that is in the database, the conversations that nobody disturbed among it."""
    wait_until(lambda: not walk.service.database.rows(UNSETTLED), 60, walk.service.logs)

    assert walk.service.database.rows(breach) == []


def _live(batch: Batch) -> int:
    return sum(reply["status"] != "suppressed" for reply in batch.replies)


def test_the_walk_meets_every_kind_of_moment(walked: dict[str, list[Walked]]) -> None:
    """A walk that found nothing would prove nothing."""
    points = [f"{path}: {one.point}" for path, found in walked.items() for one in found if one.point]
    print("\n".join(points))  # noqa: T201 - the list that docs/reliability.md shows

    assert all(any(one.point for one in found) for found in walked.values())
    for kind in ("before the commit", "after the commit", "the provider's call", "the model's call"):
        assert any(kind in point for point in points), kind
    assert any(one.in_the_call for found in walked.values() for one in found)
    assert all(found[-1].point == "" for found in walked.values())
