"""`python -m tests.system.faults`: runs steps of the product in processes that kill themselves at a chosen moment.

A moment is the instant before or after a commit, before or after a call to a service outside, and before or after a
task is pushed to Redis. They are found at run time, by wrapping what each of them has to go through; the product knows
nothing of it.

Reads one order a line from stdin (JSON: `action`, `arguments`, and `at`, the number of the moment from 1, or 0 for
none), runs it in a fork of its own, and answers with one line: `points`, the names of the moments that were reached,
`killed`, and `answer`.
"""

import gc
import importlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import django

Json = dict[str, Any]
# What the product's own processes have loaded when they begin with a step.
STEPS = ("smsconsolidator.urls", "batches.tasks", "batches.reprocess", "batches.review")
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
TABLE = re.compile(r"(?:INSERT INTO|(?<!DO )UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


class Moments:
    """Counts the moments of this process, tells each to `output`, and ends the process at the chosen one."""

    def __init__(self, at: int, output: int) -> None:
        self.at, self.output, self.count = at, output, 0
        self.written: list[str] = []  # since the last commit: what it will be called

    def reach(self, name: str) -> None:
        self.count += 1
        os.write(self.output, f"{json.dumps({'point': name})}\n".encode())
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, what: str) -> Any:
        self.reach(f"before {what}")
        yield
        self.reach(f"after {what}")

    def install(self) -> None:
        """Wrap Django's commit, statements outside transactions, and what goes to providers, models and Redis."""
        import httpx2
        import redis
        import requests
        from django.db.backends.base.base import BaseDatabaseWrapper
        from django.db.backends.signals import connection_created

        self._wrap(BaseDatabaseWrapper, "_commit", self._commit_name)
        self._wrap(requests.Session, "send", lambda: "the provider's call")
        self._wrap(httpx2.HTTPTransport, "handle_request", lambda: "the model's call")
        self._wrap(redis.Redis, "rpush", lambda: "the push to Redis")
        connection_created.connect(self._watch, weak=False)

    def _wrap(self, owner: type, method: str, name: Callable[[], str]) -> None:
        inner = getattr(owner, method)

        def wrapped(this: Any, *args: Any, **kwargs: Any) -> Any:
            with self.around(name()):
                return inner(this, *args, **kwargs)

        setattr(owner, method, wrapped)

    def _watch(self, connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(self._statement)

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not WRITES.match(sql):
            return execute(sql, params, many, context)
        self.written += _meaning(sql, params)
        if context["connection"].in_atomic_block:
            return execute(sql, params, many, context)
        with self.around(self._commit_name()):  # a transaction by itself
            return execute(sql, params, many, context)

    def _commit_name(self) -> str:
        words, self.written = list(dict.fromkeys(self.written)), []
        events = [word for word in words if not word.startswith("table ")]
        tables = [word.removeprefix("table ") for word in words]
        return f"the commit of {', '.join(events or tables) or 'no change'}"


def _meaning(sql: str, params: Any) -> list[str]:
    """The events that a statement writes into a batch's history, or else its tables."""
    tables = [f"table {name}" for name in TABLE.findall(sql)]
    if "table batches_batchevent" not in tables:
        return tables
    from batches.choices import EventKind

    kinds = set(EventKind.values)
    return tables + [value for value in params or () if isinstance(value, str) and value in kinds]


# --- what can be ordered --------------------------------------------------------------------------------------
def post(message: Json) -> Any:
    """One message at the webhook, as SMSMobileAPI posts it; gives the answer's body."""
    from django.test import Client

    url = "/api/webhook/sms-received"
    token = {"X-Webhook-Token": os.environ["WEBHOOK_TOKEN"]}
    client = Client(SERVER_NAME="localhost", headers=token)
    answer = client.post(url, json.dumps(message), content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def process(batch_id: int) -> None:
    """What a worker does with a task."""
    from batches.tasks import process_batch

    process_batch(batch_id)


def sweep() -> None:
    """What a leader does, once: closes all that is due, and queues again what was dropped."""
    from batches.closing import close_due, reap

    while close_due():
        pass
    reap()


def lead(duration: float) -> None:
    """What a sweeper does with a task of so many seconds."""
    from batches.sweep import sweep as run

    run(duration)


def end_windows() -> None:
    """As if the time of every open batch had come."""
    from batches.clock import Now
    from batches.models import Batch

    Batch.objects.filter(status="open").update(closes_at=Now())


def abandon(batch_id: int) -> None:
    """As if the leases of the worker that took this batch had run out."""
    from batches.clock import Now
    from batches.leases import TTL
    from batches.models import Batch
    from replies.models import Reply

    Batch.objects.filter(id=batch_id).update(lease_until=Now() - TTL)
    Reply.objects.filter(batch_id=batch_id, status="sending").update(sending_until=Now() - TTL)


def vacate(name: str) -> None:
    """As if a dead holder's lease of a role had run out."""
    from batches.models import Lease

    Lease.objects.filter(name=name).update(holder=None, until=None)


def be_due(batch_id: int) -> None:
    """As if the time had come to which a batch and its reply were put off."""
    from batches.clock import Now
    from batches.leases import TTL
    from batches.models import Batch
    from replies.models import Reply

    Batch.objects.filter(id=batch_id, postponed=True).update(lease_until=Now() - TTL)
    Reply.objects.filter(batch_id=batch_id, status="pending").update(send_at=Now() - TTL)


def resend(batch_id: int) -> str:
    """What an operator does who wants an unknown reply sent again; gives what was done."""
    from batches.reprocess import reprocess

    return reprocess([batch_id], actor="admin:ana", resend_unknown=True)[0].action


def enrol(name: str) -> None:
    """Somebody who looks at verdicts."""
    from django.contrib.auth.models import User

    User.objects.create(username=name)


def correct(batch_id: int) -> bool:
    """What somebody does who reads a yes as a no and has its sender told; says whether it was not done already."""
    from django.contrib.auth.models import User

    from batches.review import review
    from classification.corrections import CannotCorrect
    from classification.models import Classification

    ana = User.objects.get(username="ana")
    try:
        return review(Classification.objects.get(batch_id=batch_id), ana, "disagree", send=True).queued
    except CannotCorrect:
        return False


ACTIONS: dict[str, Callable[..., Any]] = {
    action.__name__: action
    for action in (post, process, sweep, lead, end_windows, abandon, vacate, be_due, resend, enrol, correct)
}


def obey(order: Json) -> Json:
    """Run one order in a fork and say what became of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _run(order, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = [json.loads(line) for line in told]
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    points = [line["point"] for line in lines if "point" in line]
    answers = [line["answer"] for line in lines if "answer" in line]
    return {"points": points, "killed": code == -signal.SIGKILL, "code": code, "answer": answers}


def _run(order: Json, output: int) -> None:
    code = 1
    try:
        if order["at"]:
            Moments(order["at"], output).install()
        answer = ACTIONS[order["action"]](*order["arguments"])
        os.write(output, f"{json.dumps({'answer': answer})}\n".encode())
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    django.setup()
    from classification.services import preload

    for module in STEPS:  # once, and not in each fork
        importlib.import_module(module)
    preload()
    gc.freeze()  # a fork copies what the collector touches
    orders, answers = sys.stdin, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the product prints goes to the log
    for line in orders:
        answers.write(f"{json.dumps(obey(json.loads(line)))}\n")
        answers.flush()


if __name__ == "__main__":
    main()
