"""Every path of the product walked with a kill at each of its moments.

The process that runs the step is killed at the first moment, the next one at the second, until one comes through.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import ROOT, Batch, Service

WINDOW = 1
MOST = 40  # moments of one path; more is a loop that never ends
POOL = 20  # conversations that are begun together, more than such a path has moments


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


def sms(sender: str, guid: str, text: str = "Yes") -> dict[str, str]:
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
            one = pool[at - 1] if len(pool) >= at or not more else more()
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
        message = sms(one.sender, one.guids[-1], text)
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
        pool = [self.begin() for _ in range(POOL)]
        self.plain.run("end_windows")
        return self.through(pool, lambda one, at: self.post(one, self.plain, at=at))

    def closing(self) -> list[Walked]:
        def step(_: Walked, at: int) -> dict[str, Any]:
            self.plain.run("end_windows")
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
            self.plain.run("end_windows")
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
        pool = [self.begin(text=text, sender=new()) for _ in range(POOL)]
        self.gateway.behaviours |= {one.sender: fault for one in pool}
        self.plain.run("end_windows")
        self.plain.run("sweep", 0)
        ids = {one.sender: self.batches(one)[0].id for one in pool}
        return self.through(pool, lambda one, at: by.run("process", ids[one.sender], at=at))

    def giving_way(self) -> list[Walked]:
        """A worker comes to the reply when its sender has written on: the later batch is still open."""

        def step(one: Walked, at: int) -> dict[str, Any]:
            self.plain.run("end_windows")
            self.plain.run("sweep", 0)
            [batch] = self.batches(one)
            self.post(one, self.plain)
            return self.plain.run("process", batch.id, at=at)

        return self.path(step)

    def gathering(self) -> list[Walked]:
        """The later batch's worker comes first, and takes the earlier one's texts over."""

        def step(one: Walked, at: int) -> dict[str, Any]:
            self.plain.run("end_windows")
            self.post(one, self.plain, at=0)
            self.plain.run("end_windows")
            self.plain.run("sweep", 0)
            return self.plain.run("process", self.batches(one)[-1].id, at=at)

        return self.path(step)

    def taking_over(self) -> list[Walked]:
        """A worker takes over from one that was killed when the reply was just about to leave."""
        moments = self.working(self.plain)
        before = [one.point for one in moments].index("before the provider's call") + 1

        def step(one: Walked, at: int) -> dict[str, Any]:
            self.plain.run("end_windows")
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
