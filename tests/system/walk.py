"""A walk along one path of the product (paths.py) with a kill at each of its moments.

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
MOST = 80  # moments of one path; more is a loop that never ends


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
    """Everything that is walked, on one database. A path gives its conversations in the order of its moments."""

    def __init__(self, service: Service, model: Model, gateway: Gateway) -> None:
        self.service, self.model, self.gateway = service, model, gateway
        self.plain = Processes(service, CLASSIFICATION_MODE="rules")
        self.asking = Processes(service)
        self.plain.run("enrol", "ana")
        self.paths: dict[str, list[Walked]] = {}

    def close(self) -> None:
        self.plain.close()
        self.asking.close()

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
            one.in_the_call = one.in_the_call or self.in_the_call(one)
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

    def in_the_call(self, one: Walked) -> bool:
        """Whether the rows say that a reply is with the provider."""
        return any(r["status"] == "sending" for batch in self.batches(one) for r in batch.replies)

    def batches(self, one: Walked) -> list[Batch]:
        return self.service.batches(one.sender)
