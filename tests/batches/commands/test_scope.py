"""How far a STOP reaches, and which word counts."""

from typing import Any

import pytest
from django.db import connection

from batches import ingest
from batches.models import Batch, Channel
from replies import consent
from replies.models import ConsentSource, ConsentState
from replies.standing import look
from tests.batches.commands.conftest import say, sent, settle, sms
from tests.batches.conftest import SENDER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestScope:
    @pytest.mark.parametrize(("scope", "elsewhere"), [("channel", "thanks"), ("account", None)])
    def test_it_is_the_channel_or_everything(self, settings: Any, scope: str, elsewhere: str | None) -> None:
        settings.OPT_OUT_SCOPE = scope
        say("STOP")
        ingest.ingest(Channel.objects.create(slug="other"), [sms("Yes")])
        settle(Batch.objects.get(channel__slug="other"))
        assert sent() == ["out", *([elsewhere] if elsewhere else [])]

    def test_the_newest_row_wins_whatever_it_covers(self, channel: Channel) -> None:
        other = Channel.objects.create(slug="other")

        def write(channel_id: int | None, state: ConsentState) -> list[bool]:
            row = {"number": SENDER, "channel_id": channel_id, "state": state, "changed": True}
            consent.write(**row, source=ConsentSource.ADMIN, words="a test", actor="test")  # type: ignore[arg-type]
            return [look(SENDER, one.id).opted_out for one in (channel, other)]

        assert write(None, ConsentState.OPTED_OUT) == [True, True]
        assert write(channel.id, ConsentState.OPTED_IN) == [False, True]
        assert write(other.id, ConsentState.OPTED_OUT) == [False, True]
        assert write(None, ConsentState.OPTED_IN) == [False, False]
        assert not look("+639180000000", channel.id).opted_out

    def test_it_is_one_look_into_an_index(self, channel: Channel, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1) as captured:
            look(SENDER, channel.id)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET enable_seqscan = off")
                cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {captured.captured_queries[0]['sql']}")
            plan = str(cursor.fetchall())
            if connection.vendor == "postgresql":
                cursor.execute("RESET enable_seqscan")
        assert "consent_newest_of_number" in plan
