"""Who is answered, when and why not: each case goes the whole way, from what came in to what the provider was asked.

Time is told by what is around it: what was counted so many seconds ago, quiet hours that lie so around this moment.
"""

from typing import Any

import pytest

from batches.choices import BatchStatus, Outcome
from batches.models import Channel
from replies.models import ReplyStatus
from replies.policy import FOR_A_PERSON, REASONS
from replies.senders import memory
from tests.batches.conftest import arrive
from tests.batches.may_reply.circumstances import limits, loops, switched, times
from tests.batches.may_reply.conversations import consents, senders, texts
from tests.batches.may_reply.states import SENT, Case, settle

pytestmark = pytest.mark.django_db
# In test_pipeline.py and commands/; the others in the tests of their own files.
ELSEWHERE = {"undecided", "superseded", "moved_on", "taken_over", "unchanged"}
CASES = [case for group in (senders, texts, consents, switched, limits, loops, times) for case in group()]


def name(case: Case) -> str:
    return f"{case.expected}-{case.name or '+'.join(case.texts)[:24]}-{case.sender}"


def test_there_are_enough_cases_and_they_reach_every_rule() -> None:
    reached = {case.expected for case in CASES}
    assert len(CASES) >= 150
    assert set(REASONS) - reached <= ELSEWHERE


@pytest.mark.parametrize("case", CASES, ids=name)
def test_case(case: Case, settings: Any, outbox: list[memory.Sms]) -> None:
    Channel.objects.get_or_create(slug="default")
    for bring_about in case.state:
        bring_about(settings)
    outbox.clear()
    batch = settle(arrive(*case.texts, sender=case.sender), settings.TEST_AGE)
    reply = batch.replies.get()
    if case.expected == SENT:
        assert (reply.status, reply.reason, len(outbox)) == (ReplyStatus.SENT, "", 1)
        assert batch.outcome == Outcome.REPLIED
        return
    assert (reply.reason, outbox) == (case.expected, [])
    assert reply.error
    if case.waits:
        assert (reply.status, batch.status, batch.postponed) == (
            ReplyStatus.PENDING,
            BatchStatus.CLOSED,
            True,
        )
    else:
        assert (reply.status, batch.status) == (ReplyStatus.SUPPRESSED, BatchStatus.COMPLETED)
        assert (batch.outcome == Outcome.HELD) == (case.expected in FOR_A_PERSON)
