"""kill -9 at every step: before and after each commit and each call to a service outside, one after the other.

Each path is walked with a conversation of its own for every moment (walk.py). Then a worker and a sweeper that nobody
disturbs finish what was left, and each conversation is judged by what the provider saw and what the rows tell.
"""

from collections.abc import Iterator

import pytest

from tests.system.conftest import BROKERS, StartService, broker
from tests.system.paths import ANSWERED_TWICE, BUSY, MAY_BE_TOGETHER, PATHS, QUEUEING, TOGETHER
from tests.system.providers import Gateway, Model
from tests.system.service import Batch, wait_until
from tests.system.walk import WINDOW, Walk, Walked

pytestmark = pytest.mark.timeout(600)  # the walk itself, before the first test
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.system.settings",
    "CONSOLIDATION_WINDOW": WINDOW,
    "OPENAI_TIMEOUT": 0.6,
    "OPENAI_DEADLINE": 2,
    "SMS_TIMEOUT": 1.5,
    "BATCH_LEASE_SECONDS": 4.5,
}
WALKS = {"orm": list(PATHS), "redis": QUEUEING}
OUTSIDE = {"orm": ("the provider's call", "the model's call"), "redis": ("the push to Redis",)}
UNSETTLED = "SELECT id FROM batches_batch WHERE status NOT IN ('completed', 'failed')"
OUTCOMES = {
    "worker: rules, refused by the provider": "refused",
    "worker: not a number, no reply": "suppressed",
    "worker: taking over from one that died in the call": "unknown",
}


# Everything but the queue is the same with Redis: there only what has to do with the queue is walked.
@pytest.fixture(scope="module", params=sorted({"orm", *BROKERS}))
def walk(
    request: pytest.FixtureRequest, running: StartService, model: Model, gateway: Gateway
) -> Iterator[Walk]:
    """A broker's paths walked, then finished by a worker and a sweeper, and what became of each conversation."""
    model.behaviours["Yes, without it"] = "401"
    name: str = request.param
    with (
        broker(name, below=1) as chosen,
        running(f"faults_{name}", programs=(), **chosen, **SETTINGS) as service,
    ):
        walk = Walk(service, model, gateway)
        try:
            for path in WALKS[name]:
                walk.paths[path] = PATHS[path](walk)
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


def test_no_moment_loses_or_repeats_anything(walked: dict[str, list[Walked]], gateway: Gateway) -> None:
    for path, conversations in walked.items():
        for one in conversations:
            _judge(path, one, len(gateway.sent_to(one.sender)))


def _judge(path: str, one: Walked, asked: int) -> None:
    """`asked` says how often the provider was asked to send something to the conversation's sender."""
    told = f"{path}, killed {one.point}: {one}"
    stored = [text for batch in one.batches for text in batch.texts]
    sent = asked - (path == BUSY)  # which was asked once in vain, before anybody was killed
    live = [_live(batch) for batch in one.batches]
    outcomes = {batch.outcome for batch in one.batches}
    wanted = {OUTCOMES.get(path, "replied")} | ({"unknown"} if one.in_the_call else set())
    wanted |= {"superseded"} if path in MAY_BE_TOGETHER else set()

    assert len(stored) == len(one.guids), told
    assert all(number <= (2 if path in ANSWERED_TWICE else 1) for number in live), told
    assert sent <= sum(live), told
    assert outcomes <= wanted, told
    if not one.in_the_call:
        assert sent == sum(live), told
    if path in TOGETHER:  # where a worker died at the later batch, the earlier one may be answered by itself
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
           (SELECT count(*) FROM batches_batchevent e WHERE e.batch_id = b.id AND e.kind = 'claimed' AND e.id >
            (SELECT coalesce(max(a.id), 0) FROM batches_batchevent a WHERE a.batch_id = b.id
             AND a.kind IN ('reopened', 'reply_requeued', 'reply_postponed')))""",
        """SELECT b.id FROM batches_batch b WHERE
           (SELECT count(*) FROM batches_batchevent e WHERE e.batch_id = b.id AND e.kind IN ('completed', 'failed'))
           <> 1 + (SELECT count(*) FROM batches_batchevent e
                   WHERE e.batch_id = b.id AND e.kind IN ('reopened', 'reply_requeued'))""",
        """SELECT b.id FROM batches_batch b WHERE outcome <> 'superseded' AND
           (SELECT count(*) FROM classification_classification c WHERE c.batch_id = b.id)
           <> CASE command WHEN '' THEN 1 ELSE 0 END""",
        # an opt-out that is not in the ledger, or is there twice
        """SELECT b.id FROM batches_batch b WHERE command = 'stop' AND 1 <>
           (SELECT count(*) FROM replies_consent c WHERE c.number = b.sender AND c.state = 'opted_out')""",
        # a correction without the reply that was asked for with it
        """SELECT c.id FROM classification_correction c JOIN classification_classification v
           ON v.id = c.classification_id WHERE 1 <>
           (SELECT count(*) FROM replies_reply r WHERE r.batch_id = v.batch_id AND r.kind = 'correction')""",
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


def test_the_walk_meets_every_kind_of_moment(
    request: pytest.FixtureRequest, walk: Walk, walked: dict[str, list[Walked]]
) -> None:
    """A walk that found nothing would prove nothing."""
    points = [f"{path}: {one.point}" for path, found in walked.items() for one in found if one.point]
    print("\n".join(points))  # noqa: T201 - the list that docs/reliability.md shows

    assert all(any(one.point for one in found) for found in walked.values())
    for kind in ("before the commit", "after the commit", *OUTSIDE[request.node.callspec.params["walk"]]):
        assert any(kind in point for point in points), kind
    assert all(found[-1].point == "" for found in walked.values())
