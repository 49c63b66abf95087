"""A provider that refuses because the receiver has opted out there."""

import pytest

from replies import services
from replies.consent import is_opted_out
from replies.models import Consent, Reply
from replies.senders import memory
from replies.senders.base import refused
from tests.replies.conftest import NUMBER, History

pytestmark = pytest.mark.django_db
BLOCKED = refused("21610", "Attempt to send to unsubscribed recipient", opted_out=True)


def test_it_is_written_into_the_ledger(reply: Reply, history: History) -> None:
    memory.next_results.append(BLOCKED)
    settled = services.send_once(reply.pk, record=history)
    row = Consent.objects.get()
    assert (settled.status, settled.reason) == ("refused", "21610")
    assert (row.number, row.state, row.source, row.actor) == (NUMBER, "opted_out", "provider", "memory")
    assert (row.words, row.changed) == ("Attempt to send to unsubscribed recipient", True)
    assert is_opted_out(NUMBER, reply.batch.channel_id)


def test_it_covers_what_the_setting_says(
    reply: Reply, history: History, settings: pytest.FixtureRequest
) -> None:
    settings.OPT_OUT_SCOPE = "account"  # type: ignore[attr-defined]  # pytest-django's
    memory.next_results.append(BLOCKED)
    services.send_once(reply.pk, record=history)
    assert Consent.objects.get().channel is None


def test_another_refusal_says_nothing_about_consent(reply: Reply, history: History) -> None:
    memory.next_results.append(refused("30003", "Unreachable handset"))
    services.send_once(reply.pk, record=history)
    assert not Consent.objects.exists()
