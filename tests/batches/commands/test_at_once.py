"""Commands that come at the same time, or while the database is away; and what they cost everybody else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from batches import drain, ingest, intake, keywords, sounding
from batches.choices import BatchStatus, Command
from batches.detour import detour
from batches.ingest_sql import Arrival
from batches.models import Batch, Channel
from batches.phones import normalise
from batches.pipeline import process
from batches.spool import here
from replies.models import Consent
from replies.standing import look
from tests.batches.commands.conftest import sent, settle, sms, work
from tests.batches.conftest import SENDER, arrive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestAtOnce:
    def together(self, jobs: list[Any]) -> None:
        def run(job: Any) -> None:
            try:
                job()
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
            list(pool.map(run, jobs))

    @pytest.mark.parametrize("scope", ["channel", "account"])
    def test_many_stops_on_two_channels(self, settings: Any, channel: Channel, scope: str) -> None:
        """Not through one group commit, as in one process, but each by itself, as in several."""
        settings.OPT_OUT_SCOPE = scope
        channels = [channel, Channel.objects.create(slug="other")]

        def stop(to: Channel) -> None:
            message = sms("STOP")
            arrival = Arrival(message, normalise(SENDER, "PH"), Command.STOP)
            ingest._store_new(to, {message.provider_message_id: arrival})

        self.together([lambda to=to: stop(to) for to in channels * 4])
        work()
        assert (Consent.objects.count(), sent()) == (8, ["out"] * (2 if scope == "channel" else 1))
        assert not Batch.objects.exclude(status=BatchStatus.COMPLETED).exists()

    def test_two_who_ask_for_help(self) -> None:
        batches = [arrive("HELP"), arrive("INFO")]
        self.together([lambda one=one: process(one.id, "worker") for one in batches])
        assert sent() == ["help"]

    def test_a_group_of_requests(self, channel: Channel) -> None:
        texts = ["Yes", "STOP", "I can", "STOP", "ok", "HELP"]
        self.together([lambda text=text: ingest.ingest(channel, [sms(text)]) for text in texts])
        assert look(SENDER, channel.id).opted_out
        for batch in Batch.objects.filter(status=BatchStatus.OPEN):
            settle(batch)
        work()
        assert sum(body == "out" for body in sent()) == 1


class TestSpool:
    @pytest.fixture(autouse=True)
    def spool(self, settings: Any, tmp_path: Any) -> None:
        settings.SPOOL_PATH = tmp_path / "spool.sqlite3"

    def test_a_keyword_acts_when_it_is_drained(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keywords.live()
        monkeypatch.setattr(drain, "start", lambda: None)
        detour.begin(away=True)
        with here().draining():  # an earlier test may have started who drains
            for message in (sms("Yes", "one"), sms("STOP", "two"), sms("STOP", "two")):
                assert intake.take(channel, [message]).spooled == 1
            assert Consent.objects.count() == 0
        assert drain.look()
        assert here().is_empty()
        assert look(SENDER, channel.id).opted_out
        work()
        assert (sent(), Consent.objects.count()) == (["out"], 1)
        row = Consent.objects.get()
        assert row.said_at < row.recorded_at


class TestCost:
    def test_ordinary_messages_cost_no_more_statements(
        self, channel: Channel, django_assert_max_num_queries: Any
    ) -> None:
        keywords.live()
        ingest.ingest(channel, [sms("Yes")])
        alone = 1 if connection.vendor == "postgresql" else 5  # with BEGIN and COMMIT
        with django_assert_max_num_queries(alone):
            ingest.ingest(channel, [sms("Yes")])

    @pytest.mark.timeout(60)  # a search that begins anew at each word would take hours
    @pytest.mark.parametrize("part", ["wag na po mo nyo ", "stop ", "ayaw ko na ng mga ", "remove my "])
    def test_soft_phrases_are_looked_for_once(self, part: str) -> None:
        assert not sounding.sounds_like_stop([part * 20_000], {})
