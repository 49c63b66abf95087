"""Ceilings, muted senders, and what a channel says about replies, in the admin."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches import terms
from batches.models import Channel
from classification import ceilings
from classification.models import Ceiling, Usage
from replies import limits
from replies.models import Mute, Reply
from tests.batches.conftest import SENDER, arrive, browser, closed, done

pytestmark = pytest.mark.django_db
CEILINGS, NEW_CEILING = "admin:classification_ceiling_changelist", "admin:classification_ceiling_add"
MUTES = "admin:replies_mute_changelist"


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

    def test_the_shipped_one_of_money_needs_a_price_too(self, admin_client: Client, settings: Any) -> None:
        row = Ceiling.objects.get(meter="money", together=True)
        address = reverse("admin:classification_ceiling_change", args=[row.pk])
        assert "set SMS_SEGMENT_PRICE first" in admin_client.post(address, {"most": "5"}).content.decode()
        settings.SMS_SEGMENT_PRICE = Decimal("0.50")
        assert admin_client.post(address, {"most": "5"}).status_code == 302

    @pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
    def test_supervisors_alone_set_them(self, role: str, code: int) -> None:
        assert browser(role).post(reverse(NEW_CEILING), self.ceiling()).status_code == code


class TestCurrencies:
    """A ceiling of money is compared with money of its own currency alone."""

    @pytest.fixture(autouse=True)
    def _prices(self, settings: Any, channel: Channel) -> None:
        settings.SMS_SEGMENT_PRICE, settings.SMS_CURRENCY = Decimal("0.50"), "PHP"
        Channel.objects.create(slug="abroad", segment_price="0.02", currency="USD")

    def save(self, client: Client, **fields: Any) -> list[str]:
        """What the form says against it; nothing where it is saved."""
        data = {"channel": "", "meter": "money", "period": "month", "most": "100"} | fields
        page: Any = client.post(reverse(NEW_CEILING), data)
        return [] if page.status_code == 302 else page.context["adminform"].form.non_field_errors()

    def price(self, client: Client, slug: str, price: str, currency: str) -> list[str]:
        channel = Channel.objects.get(slug=slug)
        address = reverse("admin:batches_channel_change", args=[channel.pk])
        page: Any = client.post(address, {"segment_price": price, "currency": currency})
        return [] if page.status_code == 302 else page.context["adminform"].form.errors["currency"]

    def test_a_shared_one_needs_one_currency(self, admin_client: Client) -> None:
        Ceiling.objects.filter(meter="money").delete()
        [told] = self.save(admin_client, together="on")
        assert told == (
            "Money for replies of all channels together in a month: 100 PHP. Replies on channel abroad are paid in USD:"
            " lift that ceiling."
        )
        [told] = self.save(admin_client)
        assert told.endswith("lift that ceiling, or give the channel one of its own.")
        abroad = Channel.objects.get(slug="abroad")
        assert self.save(admin_client, channel=abroad.pk, most="5") == []
        assert self.save(admin_client) == []
        page = admin_client.get(reverse(CEILINGS)).content.decode()
        assert ">5 USD<" in page
        assert ">100 PHP<" in page

    def test_a_channel_cannot_leave_the_currency_of_its_ceilings(
        self, admin_client: Client, channel: Channel
    ) -> None:
        assert self.price(admin_client, "default", "0.40", "PHP") == []
        assert self.save(admin_client, channel=channel.pk) == []
        assert "of this channel is in PHP" in self.price(admin_client, "default", "0.02", "USD")[0]
        Ceiling.objects.update(most=None)
        assert self.price(admin_client, "default", "0.02", "USD") == []
        assert self.price(admin_client, "default", "", "") == []
        Ceiling.objects.filter(meter="money", together=True).update(most=1)
        assert "all channels together" in self.price(admin_client, "default", "0.02", "USD")[0]

    def test_what_is_unlike_is_not_added_up(self, channel: Channel, settings: Any) -> None:
        Ceiling.objects.filter(meter="money", together=True).update(most=1)
        ceilings.live.cache_clear()
        abroad = Channel.objects.get(slug="abroad")
        counted = {
            one.slug: [bound.count.amount for bound in bounds(one) if bound.count.what == "money/month"]
            for one in (channel, abroad)
        }
        assert counted == {"default": [Decimal("1.00")], "abroad": []}
        Ceiling.objects.create(channel=abroad, meter="money", period="month", most=1)
        ceilings.live.cache_clear()
        assert [b.count.amount for b in bounds(abroad) if b.count.what == "money/month"] == [Decimal("0.04")]


def bounds(channel: Channel) -> list[limits.Bound]:
    """What a reply of two segments on the channel counts against."""
    return limits.bounds("automatic", channel.pk, SENDER, 2, channel.voice)


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
        terms.own_numbers.cache_clear()
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


def test_one_that_waits_for_its_minute_can_be_found_by_the_rule(admin_client: Client, settings: Any) -> None:
    settings.SMS_AUTO_REPLY_ENABLED, settings.CLASSIFICATION_MODE = True, "rules"
    settings.SENDER_REPLIES_PER_MINUTE = 1
    for text in ("Yes", "I will be late"):
        batch = done(closed(text))
    page: Any = admin_client.get(
        reverse("admin:replies_reply_changelist"), {"reason": "sender_per_minute", "status__exact": "pending"}
    )
    assert [row.batch_id for row in page.context["cl"].result_list] == [batch.id]
    assert batch.events.get(kind="reply_postponed").data["reason"] == "sender_per_minute"
