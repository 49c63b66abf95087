"""Opt-outs that the provider knows of: flagged on what comes in, and told when a reply is refused."""

from pathlib import Path
from typing import Any

import pytest

from batches.choices import Command, Outcome
from batches.inbound.base import InboundSms
from batches.models import Batch, Channel, Message
from batches.spool import Spool
from replies.models import Consent, ReplyStatus
from replies.senders import memory
from replies.senders.base import refused
from replies.standing import look
from tests.batches.conftest import SENDER, Post, arrive, close, done, kinds, sms

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


def settle() -> Batch:
    """The newest batch, once its window is over and it is processed."""
    batch = Batch.objects.latest("id")
    return done(close(batch) if batch.status == "open" else batch)


class TestFlagged:
    @pytest.mark.parametrize("flag", ["STOP", "stop", "Stop"])
    def test_it_holds_whatever_the_text_says(self, post: Post, flag: str) -> None:
        assert post(sms(text="Basta na", opt_out_type=flag)).status_code == 200
        [row] = Consent.objects.all()
        assert (row.state, row.source, row.words, row.changed) == ("opted_out", "provider", "Basta na", True)
        assert kinds(Batch.objects.get()) == ["opened", "command", "closed"]
        assert look(SENDER, row.channel_id or 0).opted_out

    def test_it_is_confirmed_unless_the_provider_has(self, post: Post) -> None:
        post(sms("a", "Basta na", opt_out_type="STOP"))
        assert (settle().outcome, len(memory.outbox)) == (Outcome.REPLIED, 1)
        assert Batch.objects.get().classifications.count() == 0
        Channel.objects.update(provider_confirms_stop=True)
        post(sms("b", "Sige na", opt_out_type="START"))
        batch = settle()
        assert (batch.label, batch.outcome) == ("opt_in", Outcome.SUPPRESSED)
        assert (batch.replies.get().reason, len(memory.outbox)) == ("provider_confirms", 1)

    def test_start_opts_in_nobody_who_is_not_out(self, post: Post) -> None:
        post(sms(text="Yes", opt_out_type="START"))
        assert (settle().label, Consent.objects.count()) == ("agree", 0)

    def test_what_was_written_beside_it_is_understood(self, post: Post) -> None:
        post([sms("a", "Yes, I can come"), sms("b", "Basta na", opt_out_type="STOP")])
        batch = settle()
        assert (batch.label, batch.command, batch.outcome) == ("agree", "stop", Outcome.REPLIED)

    def test_help(self, post: Post) -> None:
        post(sms(text="Ano po ito?", opt_out_type="HELP"))
        batch = settle()
        assert (batch.label, batch.classifications.count(), Consent.objects.count()) == ("help", 0, 0)

    @pytest.mark.parametrize("none", [None, ""])
    def test_without_one_our_keywords_decide(self, post: Post, none: Any) -> None:
        post(sms(text="STOP", opt_out_type=none))
        assert Consent.objects.get().source == "keyword"

    @pytest.mark.parametrize("odd", ["UNSTOP", " ", 1, True, ["STOP"], {}])
    def test_another_value_is_named_and_costs_no_other_message(self, post: Post, odd: Any) -> None:
        alone = post(sms("a", opt_out_type=odd))
        wrong = {"field": "opt_out_type", "reason": "Input should be STOP, START or HELP"}
        assert (alone.status_code, alone.json()["errors"]) == (400, [{"index": 0} | wrong])  # type: ignore[attr-defined]
        both = post([sms("b"), sms("c", opt_out_type=odd)])
        assert (both.status_code, both.json()["errors"]) == (200, [{"index": 1} | wrong])  # type: ignore[attr-defined]
        assert Message.objects.get().provider_message_id == "b"

    def test_it_waits_in_the_spool_with_its_message(self, tmp_path: Path) -> None:
        flagged = InboundSms("g", SENDER, "Basta", None, "", "{}", command=Command.STOP)
        spool = Spool(tmp_path / "spool.sqlite3", 1_000_000, 10)
        spool.append([("default", flagged)])
        assert spool.first(1)[0].message().command is Command.STOP


class TestToldWhenRefusing:
    def test_the_next_conversation_is_understood_and_not_answered(self) -> None:
        memory.next_results.append(
            refused("21610", "Attempt to send to unsubscribed recipient", opted_out=True)
        )
        arrive("Yes")
        first = settle()
        assert (first.outcome, first.replies.get().reason) == (Outcome.REFUSED, "21610")
        arrive("Yes, I can come")
        reply = settle().replies.get()
        assert (reply.status, reply.reason) == (ReplyStatus.SUPPRESSED, "opted_out")
        assert len(memory.outbox) == 1
