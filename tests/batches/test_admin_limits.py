"""Ceilings, muted senders, and what a channel says about replies, in the admin."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches import terms
from batches.models import Channel
from classification.models import Ceiling, Usage
from replies.models import Mute, Reply
from tests.batches.conftest import SENDER, arrive
from tests.batches.test_switches import browser

pytestmark = pytest.mark.django_db
CEILINGS, NEW_CEILING = "admin:classification_ceiling_changelist", "admin:classification_ceiling_add"
MUTES = "admin:replies_mute_changelist"


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.get(slug="default")


class TestCeilings:
    def ceiling(self, **changes: Any) -> dict[str, Any]:
        return {"channel": "", "meter": "replies", "period": "month", "most": "100"} | changes

    def test_it_shows_how_much_is_used(self, admin_client: Client, channel: Channel) -> None:
        until = datetime.now(UTC) + timedelta(hours=1)
        for scope, used in ((f"channel:{channel.pk}", 37), ("channel:99", 12), ("all", 49)):
            Usage.objects.create(scope=scope, what="replies/day", used=used, until=until)
        page = admin_client.get(reverse(CEILINGS)).content.decode()
        assert page.count("20000") == 1
        assert ">37<" in page
        assert ">49<" in page

    def test_a_supervisor_adds_and_lifts_one(self, channel: Channel) -> None:
        client = browser("supervisor")
        answer = client.post(reverse(NEW_CEILING), self.ceiling(channel=channel.pk, most="0"))
        assert answer.status_code == 302
        row = Ceiling.objects.get(channel=channel)
        assert row.most == Decimal(0)
        page = reverse("admin:classification_ceiling_change", args=[row.pk])
        assert client.post(page, {"most": ""}).status_code == 302
        row.refresh_from_db()
        assert row.most is None

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"most": "-1"}, "greater than or equal to 0"),
            ({"most": "many"}, "Enter a number"),
            ({"meter": "pigeons"}, "is not one of the available choices"),
            ({"period": "day"}, "There is such a ceiling for all channels already"),
            ({"meter": "money"}, "set SMS_SEGMENT_PRICE first"),
            ({"channel": "here", "together": "on"}, "One channel shares with nobody"),
        ],
    )
    def test_it_refuses_what_could_not_hold(
        self, admin_client: Client, channel: Channel, changes: dict[str, str], problem: str
    ) -> None:
        if changes.get("channel"):
            changes = changes | {"channel": str(channel.pk)}
        before = Ceiling.objects.count()
        page = admin_client.post(reverse(NEW_CEILING), self.ceiling(**changes))
        assert problem in page.content.decode()
        assert Ceiling.objects.count() == before

    @pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
    def test_supervisors_alone_set_them(self, role: str, code: int) -> None:
        assert browser(role).post(reverse(NEW_CEILING), self.ceiling()).status_code == code


class TestMuted:
    @pytest.fixture
    def mute(self, channel: Channel) -> Mute:
        now = datetime.now(UTC)
        until = now + timedelta(hours=24)
        return Mute.objects.create(channel=channel, number=SENDER, reason="echo", since=now, until=until)

    @pytest.mark.parametrize(
        ("role", "lifted"), [("viewer", False), ("operator", True), ("supervisor", True)]
    )
    def test_operators_answer_them_again(self, role: str, lifted: bool, mute: Mute) -> None:
        chosen = {"action": "answer_again", "_selected_action": [mute.pk]}
        browser(role).post(reverse(MUTES), chosen)
        mute.refresh_from_db()
        assert (mute.until <= datetime.now(UTC)) is lifted

    def test_they_are_found_by_number(self, admin_client: Client, mute: Mute) -> None:
        for term, found in (("0917 123 4567", 1), ("+639990000000", 0)):
            page = admin_client.get(reverse(MUTES), {"q": term})
            assert page.context["cl"].result_list.count() == found


class TestChannel:
    def save(self, client: Client, channel: Channel, **changes: Any) -> str:
        fields = {"own_numbers": "", "quiet_policy": "", "quiet_from": "", "quiet_until": "", "time_zone": ""}
        page = client.post(reverse("admin:batches_channel_change", args=[channel.pk]), fields | changes)
        channel.refresh_from_db()
        return "" if page.status_code == 302 else page.content.decode()

    def test_own_numbers_are_kept_in_one_spelling(self, admin_client: Client, channel: Channel) -> None:
        assert not self.save(admin_client, channel, own_numbers="0917 123 4567\n+639181234567, 09171234567")
        assert channel.own_numbers == "+639171234567\n+639181234567"
        terms.forget()
        assert terms.own_numbers() == {"+639171234567", "+639181234567"}

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"own_numbers": "+639171234567\nGLOBE"}, "GLOBE is no phone number"),
            ({"time_zone": "Manila"}, "Manila is no time zone of the IANA database"),
            ({"quiet_from": "07:00"}, "they cannot end then, too"),
            ({"quiet_from": "25:00"}, "Enter a valid time"),
            ({"quiet_policy": "sleep"}, "is not one of the available choices"),
        ],
    )
    def test_it_refuses_what_could_not_hold(
        self, admin_client: Client, channel: Channel, changes: dict[str, str], problem: str
    ) -> None:
        assert problem in self.save(admin_client, channel, **changes)
        assert (channel.own_numbers, channel.time_zone, channel.quiet_from) == ("", "", None)

    def test_quiet_hours_of_its_own(self, admin_client: Client, channel: Channel) -> None:
        assert not self.save(
            admin_client, channel, quiet_policy="drop", quiet_from="22:30", time_zone="Asia/Tokyo"
        )
        hours = channel.quiet_hours
        assert (hours.policy, f"{hours.starts:%H:%M}", f"{hours.ends:%H:%M}", hours.zone) == (
            "drop",
            "22:30",
            "07:00",
            "Asia/Tokyo",
        )


def test_replies_can_be_filtered_by_rule(admin_client: Client) -> None:
    batch = arrive("Yes")
    for reason in ("echo", "stopped"):
        Reply.objects.create(
            batch=batch,
            to=SENDER,
            body="x",
            segments=1,
            provider="memory",
            status="suppressed",
            reason=reason,
        )
    page = admin_client.get(reverse("admin:replies_reply_changelist"), {"reason": "echo"})
    assert page.context["cl"].result_list.count() == 1
