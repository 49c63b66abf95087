"""A person takes a conversation over, and the machine is silent until then."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches import closing, takeovers
from batches.choices import Outcome
from batches.clock import Now
from batches.models import Batch, Channel, Takeover
from batches.roles import sync_roles
from replies.senders import memory
from replies.senders.base import refused
from tests.batches.conftest import arrive, closed, done, kinds
from tests.batches.test_admin_batch import LIST, html, page, select, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]

BUSY = refused("http_503", "try later", retryable=True)


def take(batch: Batch, hours: float = 4) -> None:
    until = timezone.now() + timedelta(hours=hours)
    takeovers.take_over([batch], until, note="calls back", actor="admin:ana")


class TestSilence:
    def test_batches_are_classified_and_not_answered(self, outbox: list[memory.Sms]) -> None:
        batch = closed("Yes")
        take(batch)
        batch = done(batch)
        assert (batch.label, batch.outcome, outbox) == ("agree", Outcome.SUPPRESSED, [])
        assert batch.replies.get().reason == "taken_over"
        assert done(closed("at 6")).outcome == Outcome.SUPPRESSED

    def test_a_reply_that_waits_is_withdrawn(self, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(BUSY)
        batch = done(closed("Yes"))
        take(batch)
        Batch.objects.update(lease_until=Now() - timedelta(seconds=1))
        closing.reap()
        batch = done(batch)
        assert (batch.outcome, batch.replies.get().reason, len(outbox)) == (
            Outcome.SUPPRESSED,
            "taken_over",
            1,
        )
        assert "reply_withdrawn" in kinds(batch)

    def test_it_ends_by_itself(self, outbox: list[memory.Sms]) -> None:
        batch = closed("Yes")
        take(batch)
        Takeover.objects.update(until=Now() - timedelta(seconds=1))
        assert done(batch).outcome == Outcome.REPLIED

    def test_it_ends_when_it_is_given_back(self, outbox: list[memory.Sms]) -> None:
        batch = closed("Yes")
        take(batch)
        assert takeovers.give_back([batch], actor="admin:ben") == 1
        assert takeovers.give_back([batch], actor="admin:ben") == 0
        row = Takeover.objects.get()
        assert (row.ended_by, row.is_in_force) == ("admin:ben", False)
        assert done(batch).outcome == Outcome.REPLIED
        assert kinds(batch)[2:4] == ["taken_over", "given_back"]

    def test_others_are_answered(self, outbox: list[memory.Sms]) -> None:
        take(arrive("Yes"))
        assert done(closed("Yes", sender="+639181234567")).outcome == Outcome.REPLIED
        other = closed("No")
        Batch.objects.filter(id=other.id).update(channel=Channel.objects.create(slug="clinic"))
        assert done(other).outcome == Outcome.REPLIED

    def test_who_says_stop_is_told_so(self, outbox: list[memory.Sms]) -> None:
        take(arrive("Yes", sender="+639181234567"))
        batch = arrive("STOP", sender="+639181234567")
        assert done(batch).outcome == Outcome.REPLIED

    def test_taking_over_again_sets_the_time_anew(self) -> None:
        batch = arrive("Yes")
        take(batch, hours=1)
        take(batch, hours=8)
        [row] = takeovers.in_force(batch.channel_id, batch.sender)
        assert row.until > timezone.now() + timedelta(hours=7)
        assert Takeover.objects.count() == 2


class TestAdmin:
    @pytest.fixture
    def operator(self) -> Client:
        sync_roles()
        user = User.objects.create_user("ana", is_staff=True)
        user.groups.add(Group.objects.get(name="operator"))
        client = Client()
        client.force_login(user)
        return client

    def until(self, hours: float = 2) -> str:
        return (timezone.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")

    def test_the_page_offers_it_and_shows_who_has_it(self, operator: Client) -> None:
        batch = arrive("Yes")
        assert "Take over" in html(operator, batch)
        url = page(batch, "take_this_over")
        assert "Until" in operator.get(url).content.decode()
        answer = operator.post(url, {"until": self.until(), "note": "calls <b>back</b>"})
        assert answer.status_code == 302
        text = html(operator, batch)
        assert "<bdi>admin:ana</bdi> answers this sender until" in text
        assert "calls &lt;b&gt;back&lt;/b&gt;" in text
        assert "Give back" in text
        assert url not in text
        operator.post(page(batch, "give_this_back"))
        assert "answers this sender until" not in html(operator, batch)

    @pytest.mark.parametrize(
        ("hours", "problem"), [(-1, "This time is over."), (24 * 40, "At most 30 days.")]
    )
    def test_it_takes_a_time_ahead(self, operator: Client, hours: float, problem: str) -> None:
        url = page(arrive("Yes"), "take_this_over")
        assert problem in operator.post(url, {"until": self.until(hours)}).content.decode()
        assert not Takeover.objects.exists()

    def test_several_from_the_list(self, operator: Client) -> None:
        batches = [arrive("Yes"), arrive("Yes", sender="+639181234567")]
        form = select(operator, "take_over", *batches)
        assert 'name="until"' in form.content.decode()
        answer = select(operator, "take_over", *batches, until=self.until())
        assert answer.status_code == 302
        assert told(answer)[0].startswith("2 conversations taken over")
        assert Takeover.objects.count() == 2
        assert told(select(operator, "give_back", *batches))[-1].startswith("2 conversations given back")

    def test_a_look_changes_nothing(self, operator: Client) -> None:
        batch = arrive("Yes")
        take(batch)
        assert operator.get(page(batch, "give_this_back")).status_code == 200
        assert takeovers.in_force(batch.channel_id, batch.sender).exists()

    def test_a_viewer_may_only_look(self, operator: Client) -> None:
        batch = arrive("Yes")
        User.objects.get(username="ana").groups.clear()
        assert operator.get(page(batch, "take_this_over")).status_code == 403
        assert operator.get(LIST).status_code == 403

    def test_the_list_tells_who_has_taken_over_what(self, operator: Client) -> None:
        take(arrive("Yes"))
        text = operator.get(reverse("admin:batches_takeover_changelist")).content.decode()
        assert "in force" in text
        assert "calls back" in text
