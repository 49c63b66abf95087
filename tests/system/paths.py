"""The paths that are walked, each with a kill at every one of its moments (walk.py), and the names that they go by."""

from collections.abc import Callable
from typing import Any

from tests.system.numbers import new_number
from tests.system.walk import WINDOW, Processes, Walk, Walked

POOL = 20  # conversations that are begun together, more than such a path has moments


# --- web ------------------------------------------------------------------------------------------------------
def ingest(walk: Walk, text: str = "Yes") -> list[Walked]:
    return walk.path(lambda one, at: walk.post(one, walk.plain, text, at=at), posted=0)


def ingest_after_the_window(walk: Walk) -> list[Walked]:
    """The message finds a batch that is over its time, closes it and opens the next."""
    pool = [walk.begin() for _ in range(POOL)]
    walk.plain.run("end_windows")
    return walk.through(pool, lambda one, at: walk.post(one, walk.plain, at=at))


# --- sweep ----------------------------------------------------------------------------------------------------
def closing(walk: Walk) -> list[Walked]:
    def step(_: Walked, at: int) -> dict[str, Any]:
        walk.plain.run("end_windows")
        return walk.plain.run("sweep", at=at)

    return walk.path(step)


def leading(walk: Walk) -> list[Walked]:
    def step(_: Walked, at: int) -> dict[str, Any]:
        for role in ("sweep-leader", "sweep-standby"):
            walk.plain.run("vacate", role)
        return walk.plain.run("lead", WINDOW + 0.3, at=at)

    return walk.path(step)


def reaping(walk: Walk) -> list[Walked]:
    def step(one: Walked, at: int) -> dict[str, Any]:
        batch_id = _closed(walk, one)
        walk.plain.run("process", batch_id, at=2)  # after it has claimed the batch
        walk.plain.run("abandon", batch_id)
        return walk.plain.run("sweep", at=at)

    return walk.path(step)


# --- worker ---------------------------------------------------------------------------------------------------
def working(
    walk: Walk, by: Processes, new: Callable[[], str] = new_number, text: str = "Yes", fault: str = "ok"
) -> list[Walked]:
    """A worker takes a closed batch to its end."""
    pool = [walk.begin(text=text, sender=new()) for _ in range(POOL)]
    walk.gateway.behaviours |= {one.sender: fault for one in pool}
    walk.plain.run("end_windows")
    walk.plain.run("sweep")
    ids = {one.sender: walk.batches(one)[0].id for one in pool}
    return walk.through(pool, lambda one, at: by.run("process", ids[one.sender], at=at))


def sending_later(walk: Walk) -> list[Walked]:
    """The provider was busy at the first attempt; the time of the second has come."""

    def step(one: Walked, at: int) -> dict[str, Any]:
        batch_id = _closed(walk, one)
        walk.gateway.behaviours[one.sender] = "too_many"
        walk.plain.run("process", batch_id)
        walk.gateway.behaviours[one.sender] = "ok"
        walk.plain.run("be_due", batch_id)
        walk.plain.run("sweep")
        return walk.plain.run("process", batch_id, at=at)

    return walk.path(step)


def giving_way(walk: Walk) -> list[Walked]:
    """A worker comes to the reply when its sender has written on: the later batch is still open."""

    def step(one: Walked, at: int) -> dict[str, Any]:
        batch_id = _closed(walk, one)
        walk.post(one, walk.plain)
        return walk.plain.run("process", batch_id, at=at)

    return walk.path(step)


def gathering(walk: Walk) -> list[Walked]:
    """The later batch's worker comes first, and takes the earlier one's texts over."""

    def step(one: Walked, at: int) -> dict[str, Any]:
        walk.plain.run("end_windows")
        walk.post(one, walk.plain, at=0)
        return walk.plain.run("process", _closed(walk, one), at=at)

    return walk.path(step)


def taking_over(walk: Walk) -> list[Walked]:
    """A worker takes over from one that was killed when the reply was just about to leave."""
    before = _moment_of_the_call(walk)

    def step(one: Walked, at: int) -> dict[str, Any]:
        batch_id = _given_up_in_the_call(walk, one, before)
        one.in_the_call = True
        return walk.plain.run("process", batch_id, at=at)

    return walk.path(step)


def answering_anew(walk: Walk) -> list[Walked]:
    """The worker that comes to the reply which follows a person's correction."""

    def step(one: Walked, at: int) -> dict[str, Any]:
        batch_id = _answered(walk, one)
        walk.plain.run("correct", batch_id)
        return walk.plain.run("process", batch_id, at=at)

    return walk.path(step)


# --- operator -------------------------------------------------------------------------------------------------
def resending(walk: Walk) -> list[Walked]:
    """Somebody has a reply sent again that nobody knows of, and asks once more when he gets no answer."""
    before = _moment_of_the_call(walk)

    def step(one: Walked, at: int) -> dict[str, Any]:
        batch_id = _given_up_in_the_call(walk, one, before)
        walk.plain.run("process", batch_id)
        assert walk.batches(one)[0].outcome == "unknown"
        return _insisting(walk, "resend", batch_id, at)

    return walk.path(step)


def correcting(walk: Walk) -> list[Walked]:
    """Somebody says what an answered conversation really means, and has its sender answered anew."""
    return walk.path(lambda one, at: _insisting(walk, "correct", _answered(walk, one), at))


# --- on the way there -----------------------------------------------------------------------------------------
def _closed(walk: Walk, one: Walked) -> int:
    """The conversation's last batch, closed and queued."""
    walk.plain.run("end_windows")
    walk.plain.run("sweep")
    return walk.batches(one)[-1].id


def _answered(walk: Walk, one: Walked) -> int:
    batch_id = _closed(walk, one)
    walk.plain.run("process", batch_id)
    return batch_id


def _given_up_in_the_call(walk: Walk, one: Walked, moment: int) -> int:
    """A batch whose worker died at that moment, before the provider's call, and whose leases have run out since."""
    batch_id = _closed(walk, one)
    walk.plain.run("process", batch_id, at=moment)
    assert walk.in_the_call(one)
    walk.plain.run("abandon", batch_id)
    walk.plain.run("sweep")
    return batch_id


def _moment_of_the_call(walk: Walk) -> int:
    walked = walk.paths.get(ACCEPTED) or working(walk, walk.plain)
    points = [one.point for one in walked]
    return points.index("before the provider's call") + 1


def _insisting(walk: Walk, action: str, batch_id: int, at: int) -> dict[str, Any]:
    told = walk.plain.run(action, batch_id, at=at)
    if told["killed"]:
        walk.plain.run(action, batch_id)
    return told


OPTING_OUT = "web: a message opts out"
ACCEPTED = "worker: rules, accepted by the provider"
BUSY = "worker: the provider was busy before"
CORRECTING = "operator: a correction, to be answered anew"
PATHS: dict[str, Callable[[Walk], list[Walked]]] = {
    "web: a message opens a batch": ingest,
    "web: a message finds its batch over": ingest_after_the_window,
    OPTING_OUT: lambda walk: ingest(walk, "STOP"),
    "sweep: closing what is due": closing,
    "sweep: leading": leading,
    "sweep: queueing again what a dead worker left": reaping,
    ACCEPTED: lambda walk: working(walk, walk.plain),
    "worker: rules, refused by the provider": lambda walk: working(walk, walk.plain, fault="result_error"),
    "worker: the model, accepted by the provider": lambda walk: working(walk, walk.asking),
    "worker: the model fails, rules decide": lambda walk: working(walk, walk.asking, text="Yes, without it"),
    "worker: not a number, no reply": lambda walk: working(
        walk, walk.plain, new=lambda: f"ABC{new_number()[-7:]}"
    ),
    "worker: confirming an opt-out": lambda walk: working(walk, walk.plain, text="STOP"),
    BUSY: sending_later,
    "worker: its sender wrote on, the later batch is open": giving_way,
    "worker: its sender wrote before, nobody has begun that": gathering,
    "worker: taking over from one that died in the call": taking_over,
    "worker: the reply that follows a correction": answering_anew,
    "operator: an unknown reply, to be sent again": resending,
    CORRECTING: correcting,
}
# Those that queue something: Redis is told after the commit.
QUEUEING = [
    "web: a message finds its batch over",
    OPTING_OUT,
    "sweep: closing what is due",
    "sweep: queueing again what a dead worker left",
    "operator: an unknown reply, to be sent again",
    CORRECTING,
]
TOGETHER = [path for path in PATHS if "its sender wrote" in path]
# Its two batches are answered together where nobody worked on the first one before the second was over.
MAY_BE_TOGETHER = [*TOGETHER, "web: a message finds its batch over"]
ANSWERED_TWICE = [CORRECTING, "worker: the reply that follows a correction"]
