"""The workers of both batches at the same time; and what it costs the others."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from batches import state, superseding
from batches.choices import Outcome
from batches.models import Batch
from batches.pipeline import process
from batches.standing import standing
from replies.models import Reply
from replies.senders import memory
from tests.batches.conftest import closed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestAtOnce:
    def test_two_workers_and_two_batches_make_one_reply_or_two_complete_ones(
        self, outbox: list[memory.Sms]
    ) -> None:
        for turn in range(12):
            sender = f"+6391712345{turn:02}"
            pair = [closed("Yes", sender=sender), closed("Yes", sender=sender)]

            def work(batch: Batch) -> None:
                try:
                    process(batch.id, "worker")
                finally:
                    connection.close()

            with ThreadPoolExecutor(max_workers=2) as pool:
                list(pool.map(work, pair))
            first, second = (Batch.objects.get(id=batch.id) for batch in pair)
            sent = [sms for sms in outbox if sms.to == sender]
            together = first.outcome == Outcome.SUPERSEDED
            assert second.outcome == Outcome.REPLIED
            assert (first.successor_id, second.carry_overs) == ((second.id, 1) if together else (None, 0))
            assert len(sent) == (1 if together else 2)

    def test_a_successor_that_is_being_given_texts_cannot_be_begun(self) -> None:
        if connection.vendor != "postgresql":
            return  # on SQLite there is one transaction at a time
        first, second = closed("Yes"), closed("at 6")
        begun = list[bool]()

        def begin() -> None:
            try:
                begun.append(state.claim(second.id, uuid4(), timedelta(seconds=60), "other"))
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=1) as pool:
            with transaction.atomic():
                assert superseding.give_way(first, standing(first.id)) == superseding.MOVED_ON
                waiting = pool.submit(begin)
                with pytest.raises(TimeoutError):
                    waiting.result(timeout=0.3)
            waiting.result(timeout=5)
        assert begun == [True]


def test_an_ordinary_batch_costs_no_statement_more(django_assert_max_num_queries: Any) -> None:
    batch = closed("Yes")
    with django_assert_max_num_queries(40) as captured:
        process(batch.id, "worker")
    [asked] = [query["sql"] for query in captured if "batches_takeover" in query["sql"]]
    assert asked.startswith("UPDATE")  # the label's, which is written anyway
    assert not [query["sql"] for query in captured if re.search(r'successor_id" (=|IN|IS)', query["sql"])]
    assert Reply.objects.get().status == "sent"
