"""Pushing what is stuck: by the service that the command and the admin share, and by the command."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from batches.choices import BatchStatus, Outcome
from batches.clock import Now
from batches.models import Batch, Channel
from batches.pipeline import process
from batches.reprocess import reprocess
from batches.terms import own_numbers
from classification.asking import ENGINES
from replies.senders import memory
from replies.senders.base import refused, unknown
from tests.batches.conftest import SENDER, age, arrive, closed, done, kinds
from tests.batches.may_reply.states import clock
from tests.batches.test_closing import lease_over, queued
from tests.support.commands import printed
from tests.support.engines import Broken

command = partial(printed, "reprocess_batches")

NO_CREDIT = refused("no_credit", "No credit left.")
NO_ANSWER = unknown("timeout", "No answer in time.")


@pytest.fixture(autouse=True)
def _by_default(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.CLASSIFICATION_MODE = "llm_then_rules"  # and no model: the rules decide


def action(batch: Batch, **options: Any) -> str:
    return reprocess([batch.id], actor="test", **options)[0].action


def answered(*results: Any) -> Batch:
    """A settled batch whose reply met these answers of the provider."""
    memory.next_results.extend(results)
    return done(closed("Yes"))


@pytest.mark.django_db(transaction=True)
class TestReprocess:
    def test_it_closes_an_overdue_batch(self) -> None:
        batch = arrive("Yes")
        age(batch, 61)
        assert action(Batch.objects.get(id=batch.id)) == "closed"
        assert queued() == [batch.id]

    def test_it_leaves_an_open_batch_its_time(self) -> None:
        assert action(arrive("Yes")) == "skipped"

    @pytest.mark.parametrize("status", ["closed", "processing"])
    def test_it_queues_a_dropped_batch(self, status: str) -> None:
        batch = arrive("Yes")
        lease_over(batch, status)
        assert action(batch) == "requeued"
        assert queued() == [batch.id]

    def test_it_leaves_what_a_worker_is_at(self) -> None:
        batch = arrive("Yes")
        until = Now() + timedelta(seconds=30)
        Batch.objects.filter(id=batch.id).update(status="processing", lease_until=until)
        assert action(batch) == "skipped"

    def test_it_asks_again_for_a_verdict_that_nobody_gave(
        self, monkeypatch: pytest.MonkeyPatch, outbox: list[memory.Sms]
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setitem(ENGINES, "rules", Broken())
            batch = answered()
        assert batch.outcome == Outcome.UNDECIDED
        assert action(batch) == "requeued"
        batch = done(batch)
        assert (batch.outcome, batch.label, len(outbox)) == (Outcome.REPLIED, "agree", 1)

    def test_it_sends_a_refused_reply_again(self, outbox: list[memory.Sms]) -> None:
        batch = answered(NO_CREDIT)
        assert action(batch) == "resent"
        batch = done(batch)
        assert (batch.outcome, len(outbox)) == (Outcome.REPLIED, 2)
        assert batch.classifications.count() == 1
        assert kinds(batch).count("reply_requeued") == 1

    def test_it_asks_the_channels_own_terms(self, outbox: list[memory.Sms]) -> None:
        """A reply to a short code, on a channel that answers them."""
        Channel.objects.update(answer_short_codes=True)
        memory.next_results.append(NO_CREDIT)
        batch = done(closed("Yes", sender="2366"))
        assert batch.outcome == Outcome.REFUSED
        assert action(batch) == "resent"
        assert (done(batch).outcome, len(outbox)) == (Outcome.REPLIED, 2)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"auto_reply_enabled": False}, "Automatic replies are switched off."),
            ({"own_numbers": SENDER}, "The sender is a number of ours."),
        ],
    )
    def test_it_says_what_the_channel_has_against_it(
        self, outbox: list[memory.Sms], changes: dict[str, Any], why: str
    ) -> None:
        batch = answered(NO_CREDIT)
        Channel.objects.update(**changes)
        own_numbers.cache_clear()
        [result] = reprocess([batch.id], actor="test")
        assert (result.action, result.detail, len(outbox)) == ("skipped", why, 1)
        assert (done(batch).outcome, kinds(batch).count("reply_requeued")) == (Outcome.REFUSED, 0)

    def test_what_only_waits_is_sent_in_its_time(self, outbox: list[memory.Sms], settings: Any) -> None:
        batch = answered(NO_CREDIT)
        clock("02:00")(settings)
        assert action(batch) == "resent"
        assert (done(batch).status, len(outbox)) == (BatchStatus.CLOSED, 1)
        assert batch.replies.get().reason == "quiet_hours"

    def test_it_leaves_an_unknown_reply(self, outbox: list[memory.Sms]) -> None:
        batch = answered(NO_ANSWER)
        assert action(batch) == "skipped"
        process(batch.id, "worker")
        assert len(outbox) == 1

    def test_it_sends_an_unknown_reply_again_when_told_so(self, outbox: list[memory.Sms]) -> None:
        batch = answered(NO_ANSWER)
        assert action(batch, resend_unknown=True) == "resent"
        process(batch.id, "worker")
        assert len(outbox) == 2

    def test_it_never_touches_a_reply_that_was_sent(self, outbox: list[memory.Sms]) -> None:
        batch = answered()
        assert action(batch, resend_unknown=True) == "skipped"
        assert queued() == [batch.id]  # the task that closing queued, no other

    def test_it_does_both_or_neither(self, monkeypatch: pytest.MonkeyPatch) -> None:
        batch = answered(NO_CREDIT)
        with monkeypatch.context() as patch:
            patch.setattr("batches.reprocess.state.queue_all", lambda *_, **__: [])  # somebody holds the row
            assert action(batch) == "skipped"
        batch.refresh_from_db()
        assert (batch.status, batch.replies.get().status) == (BatchStatus.COMPLETED, "refused")
        assert action(batch) == "resent"

    def test_it_only_looks_in_a_dry_run(self) -> None:
        batch = answered(NO_CREDIT)
        assert action(batch, dry_run=True) == "resent"
        batch.refresh_from_db()
        assert batch.status == BatchStatus.COMPLETED

    def test_two_operators_push_it_once(self, outbox: list[memory.Sms]) -> None:
        batch = answered(NO_CREDIT)

        def push(number: int) -> str:
            try:
                result = reprocess([batch.id], actor=f"operator {number}")[0].action
                process(batch.id, f"worker {number}")
                return result
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=6) as pool:
            actions = list(pool.map(push, range(6)))
        assert actions.count("resent") == 1
        assert len(outbox) == 2


@pytest.mark.django_db(transaction=True)
class TestCommand:
    def stuck(self) -> Batch:
        batch = arrive("Yes")
        age(batch, 600)
        return batch

    def test_it_finds_what_is_stuck(self) -> None:
        batch = self.stuck()
        arrive("No", sender="+639181234567")
        document = json.loads(command("--json"))
        assert [(row["batch_id"], row["action"]) for row in document["batches"]] == [(batch.id, "closed")]

    def test_it_prints_a_table(self) -> None:
        batch = self.stuck()
        text = command()
        assert "1 of 1 batches pushed" in text
        assert str(batch.id) in text

    def test_a_providers_words_do_not_steer_the_terminal(self) -> None:
        batch = answered(refused("http_400", "[/sendsms] \x1b[31m no"))
        text = command("--id", str(batch.id))
        assert "[/sendsms] [U+001B][31m no" in text
        assert "\x1b[31m" not in text

    def test_it_says_when_nothing_is_stuck(self) -> None:
        assert command() == "Nothing is stuck.\n"

    def test_it_only_looks_in_a_dry_run(self) -> None:
        batch = self.stuck()
        assert "would be pushed" in command("--dry-run")
        batch.refresh_from_db()
        assert batch.status == BatchStatus.OPEN

    def test_it_takes_a_status_and_an_age(self) -> None:
        batch = self.stuck()
        assert json.loads(command("--json", "--status", "failed"))["batches"] == []
        assert json.loads(command("--json", "--status", "open", "--older-than", "1d"))["batches"] == []
        found = json.loads(command("--json", "--status", "open", "--older-than", "5m"))["batches"]
        assert [row["batch_id"] for row in found] == [batch.id]

    def test_it_sends_unknown_replies_of_named_batches_only(self, outbox: list[memory.Sms]) -> None:
        batch = answered(NO_ANSWER)
        assert json.loads(command("--json", "--id", str(batch.id)))["batches"][0]["action"] == "skipped"
        named = json.loads(command("--json", "--resend-unknown", str(batch.id)))
        assert named["batches"][0]["action"] == "resent"

    @pytest.mark.parametrize("filters", [("--status", "failed"), ("--older-than", "5m")])
    @pytest.mark.parametrize("name", ["--id", "--resend-unknown"])
    def test_it_leaves_what_was_named_and_does_not_fit(
        self, outbox: list[memory.Sms], name: str, filters: tuple[str, str]
    ) -> None:
        batch = answered(NO_CREDIT)
        [row] = json.loads(command("--json", name, str(batch.id), *filters))["batches"]
        assert (row["status"], row["action"]) == ("completed", "skipped")
        assert row["detail"] == "its status or age is not what was asked for"
        assert (done(batch).outcome, len(outbox)) == (Outcome.REFUSED, 1)

    def test_it_pushes_what_was_named_and_fits(self) -> None:
        stuck, other = self.stuck(), arrive("No", sender="+639181234567")
        filters = ("--status", "open", "--older-than", "5m")
        found = json.loads(command("--json", *filters, "--id", str(stuck.id), str(other.id)))["batches"]
        done = {row["batch_id"]: row["action"] for row in found}
        assert done == {stuck.id: "closed", other.id: "skipped"}

    def test_it_leaves_what_fits_no_longer(self, outbox: list[memory.Sms]) -> None:
        """It failed when the operator asked for what has failed; another operator was faster, and it was refused."""
        batch = answered(NO_CREDIT)
        failed = Batch.objects.filter(status=BatchStatus.FAILED)
        assert action(batch, which=failed) == "skipped"
        assert action(batch, which=Batch.objects.filter(status=BatchStatus.COMPLETED)) == "resent"

    def test_it_fails_for_a_batch_that_does_not_exist(self) -> None:
        with pytest.raises(CommandError, match="no such batch: 999"):
            command("--id", "999")

    def test_it_explains_a_wrong_time_span(self) -> None:
        with pytest.raises(CommandError, match="write it like 90s, 10m, 2h or 1d"):
            command("--older-than", "ten minutes")
