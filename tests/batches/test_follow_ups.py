"""A text that comes soon after a reply: a change of mind, or nothing new."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.choices import Outcome
from batches.models import Batch
from replies.senders import memory
from tests.batches.conftest import arrive, closed, done, kinds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_waiting(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.SENDER_REPLIES_PER_MINUTE = 0


def settled(*words: str) -> Batch:
    return done(closed(*words))


class TestChangeOfMind:
    def test_it_is_flagged_told_and_answered(self, outbox: list[memory.Sms]) -> None:
        first = settled("Yes, I'll be there")
        second = settled("Sorry, I can't after all")
        assert (first.flag_list, second.flag_list) == ([], ["changed_mind"])
        assert (second.outcome, len(outbox)) == (Outcome.REPLIED, 2)
        told = second.events.get(kind="changed_mind").data
        assert told == {"was": "Agree", "is": "Disagree", "answered_batch": first.id}

    @pytest.mark.parametrize("words", ["What time?", "Thank you po", "Yes, see you there"])
    def test_what_takes_nothing_back_is_none(self, words: str) -> None:
        settled("Yes, I'll be there")
        assert settled(words).flag_list == []

    def test_only_within_the_set_time(self, settings: Any) -> None:
        first = settled("Yes, I'll be there")
        late = first.completed_at
        assert late
        Batch.objects.update(completed_at=late - timedelta(minutes=62))
        assert settled("Sorry, I can't").flag_list == []

    def test_never_where_it_is_switched_off(self, settings: Any) -> None:
        settings.FOLLOW_UP_WITHIN = 0
        Batch.objects.update(completed_at=settled("Yes, I'll be there").opened_at)
        assert settled("Sorry, I can't").flag_list == []

    def test_what_was_not_answered_is_no_mind(self, settings: Any) -> None:
        settings.SMS_AUTO_REPLY_ENABLED = False
        settled("Yes, I'll be there")
        assert settled("Sorry, I can't").flag_list == []

    def test_it_is_compared_with_the_last_answer(self) -> None:
        settled("Yes, I'll be there")
        settled("Sorry, I can't")
        assert settled("No, I really can't").flag_list == []
        assert settled("Yes I can come now").flag_list == ["changed_mind"]

    def test_who_opts_out_is_no_other_mind(self) -> None:
        settled("Yes, I'll be there")
        batch = done(arrive("STOP"))
        assert (batch.outcome, batch.flag_list) == (Outcome.REPLIED, [])

    def test_the_list_of_batches_finds_them(self, admin_client: Client) -> None:
        first, second = settled("Yes, I'll be there"), settled("Sorry, I can't after all")
        html = admin_client.get(reverse("admin:batches_batch_changelist"), {"flag": "changed_mind"})
        text = html.content.decode()
        assert reverse("admin:batches_batch_change", args=[second.id]) in text
        assert reverse("admin:batches_batch_change", args=[first.id]) not in text


class TestUnchanged:
    @pytest.fixture(autouse=True)
    def _record(self, settings: Any) -> None:
        settings.FOLLOW_UP_UNCHANGED = "record"

    @pytest.mark.parametrize("words", ["Yes, see you there", "Thank you po", "good morning"])
    def test_it_is_recorded_without_a_reply(self, outbox: list[memory.Sms], words: str) -> None:
        settled("Yes, I'll be there")
        batch = settled(words)
        assert (batch.outcome, batch.replies.get().reason, len(outbox)) == (
            Outcome.SUPPRESSED,
            "unchanged",
            1,
        )
        assert "reply_suppressed" in kinds(batch)

    @pytest.mark.parametrize(
        "words", ["Sorry, I can't", "What time?", "Yes, is there parking?", "my brother has a fever"]
    )
    def test_whatever_is_new_is_answered(self, outbox: list[memory.Sms], words: str) -> None:
        settled("Yes, I'll be there")
        assert settled(words).outcome == Outcome.REPLIED

    def test_the_first_text_is_no_follow_up(self) -> None:
        assert settled("Thank you po").outcome == Outcome.REPLIED

    def test_by_default_every_batch_is_answered(self, settings: Any, outbox: list[memory.Sms]) -> None:
        settings.FOLLOW_UP_UNCHANGED = "answer"
        settled("Yes, I'll be there")
        assert settled("Yes, see you there").outcome == Outcome.REPLIED
        assert len(outbox) == 2
