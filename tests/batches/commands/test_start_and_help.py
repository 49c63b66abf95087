"""START, and HELP."""

from datetime import UTC, datetime, timedelta

import pytest

from batches import ingest, keywords
from batches.clock import Now
from batches.models import Channel, Keyword
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import refused
from replies.standing import look
from tests.batches.commands.conftest import say, sent, sms, work
from tests.batches.conftest import SENDER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestStart:
    def test_yes_opts_in_where_it_is_switched_on_and_only_who_is_out(self) -> None:
        Keyword.objects.filter(word="YES").update(enabled=True)
        keywords.live.cache_clear()
        for text in ("Yes", "STOP", "Yes", "Yes"):
            say(text)
        assert sent() == ["thanks", "out", "in", "thanks"]

    def test_one_from_the_spool_does_not_undo_a_later_stop(self, channel: Channel) -> None:
        say("STOP")
        before = datetime.now(UTC) - timedelta(minutes=5)
        ingest.ingest(channel, [sms("START", received_at=before)])
        assert look(SENDER, channel.id).opted_out
        ingest.ingest(channel, [sms("START", received_at=datetime.now(UTC))])
        assert not look(SENDER, channel.id).opted_out


class TestHelp:
    def test_it_is_given_again_after_a_day(self) -> None:
        say("HELP")
        assert say("HELP").replies.get().reason == "help_given"
        Reply.objects.update(created_at=Now() - timedelta(hours=24, seconds=1))
        say("HELP")
        assert sent() == ["help", "help"]

    def test_each_channel_gives_it(self) -> None:
        say("HELP")
        ingest.ingest(Channel.objects.create(slug="other"), [sms("HELP")])
        work()
        assert sent() == ["help", "help"]

    def test_what_was_refused_was_not_given(self) -> None:
        memory.next_results.append(refused("no_credit", "No credit left."))
        say("HELP")
        say("HELP")
        assert len(memory.outbox) == 2
