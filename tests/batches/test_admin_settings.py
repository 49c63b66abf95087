"""Channels, users, django-q2's pages and the navigation."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from batches.models import Channel
from batches.schedules import SWEEP_NAME

pytestmark = pytest.mark.django_db

PAGES = [
    "batches_batch", "batches_message", "batches_rejecteddelivery", "batches_channel", "replies_reply",
    "classification_classification", "classification_circuit", "classification_price",
    "django_q_failure", "django_q_success", "django_q_schedule", "django_q_ormq",
    "auth_user", "auth_group", "axes_accessattempt",
]  # fmt: skip


def save(client: Client, channel: Channel, **changes: str) -> str:
    """Save the channel's form; gives the page that comes back."""
    form = {"region": "", "window_seconds": "", "auto_reply_enabled": "unknown"} | changes
    address = reverse("admin:batches_channel_change", args=[channel.pk])
    answer = client.post(address, form, follow=True)
    channel.refresh_from_db()
    return answer.content.decode()


class TestChannels:
    def test_it_saves_what_may_be_set(self, admin_client: Client, channel: Channel) -> None:
        save(admin_client, channel, region="us", window_seconds="90", auto_reply_enabled="true", slug="x")
        assert (channel.slug, channel.region, channel.window, channel.replies_enabled) == (
            "default",
            "US",
            90,
            True,
        )

    def test_it_saves_the_question_that_people_answer(self, admin_client: Client, channel: Channel) -> None:
        save(admin_client, channel, question="Tuloy po ba bukas?")
        assert channel.question == "Tuloy po ba bukas?"

    def test_it_falls_back_to_the_settings(self, admin_client: Client, channel: Channel) -> None:
        save(admin_client, channel)
        assert (channel.region, channel.window_seconds, channel.auto_reply_enabled) == ("", None, None)

    @pytest.mark.parametrize(
        ("field", "value", "reason"),
        [
            ("region", "XX", "XX is no country"),
            ("window_seconds", "0", "0 is not between 1 and 3600"),
            ("window_seconds", "3601", "3601 is not between 1 and 3600"),
            ("keep_days", "36501", "36501 is more than 36500 days; 0 keeps texts for ever"),
        ],
    )
    def test_it_refuses_what_no_batch_could_work_with(
        self, admin_client: Client, channel: Channel, field: str, value: str, reason: str
    ) -> None:
        assert reason in save(admin_client, channel, **{field: value})
        assert (channel.region, channel.window_seconds, channel.keep_days) == ("", None, None)

    def test_it_shows_what_holds(self, admin_client: Client, channel: Channel) -> None:
        Channel.objects.update(window_seconds=77)
        assert "77 s" in admin_client.get(reverse("admin:batches_channel_changelist")).content.decode()

    def test_it_keeps_the_default_channel(self, admin_client: Client, channel: Channel) -> None:
        other = Channel.objects.create(slug="other")
        for one in (channel, other):
            admin_client.post(reverse("admin:batches_channel_delete", args=[one.pk]), {"post": "yes"})
        assert list(Channel.objects.all()) == [channel]

    def test_it_keeps_the_default_channel_in_a_selection(
        self, admin_client: Client, channel: Channel
    ) -> None:
        data = {"action": "delete_selected", "_selected_action": [channel.pk], "post": "yes"}
        admin_client.post(reverse("admin:batches_channel_changelist"), data)
        assert Channel.objects.filter(pk=channel.pk).exists()

    def test_it_adds_none(self, admin_client: Client) -> None:
        assert admin_client.post(reverse("admin:batches_channel_add"), {"slug": "new"}).status_code == 403


class TestUsers:
    def test_it_adds_a_user(self, admin_client: Client) -> None:
        form = {
            "username": "ana",
            "usable_password": "true",
            "password1": "long-Enough-7",
            "password2": "long-Enough-7",
        }
        admin_client.post(reverse("admin:auth_user_add"), form)
        assert User.objects.get(username="ana").check_password("long-Enough-7")

    @pytest.mark.parametrize("page", ["auth_user_change", "auth_user_password_change"])
    def test_it_shows_a_user(self, admin_client: Client, admin_user: User, page: str) -> None:
        names = {"auth_user_password_change": "auth_user_password_change"}
        address = reverse(f"admin:{names.get(page, page)}", args=[admin_user.pk])
        assert admin_client.get(address).status_code == 200

    def test_it_shows_a_group(self, admin_client: Client) -> None:
        group = Group.objects.create(name="operators")
        assert admin_client.get(reverse("admin:auth_group_change", args=[group.pk])).status_code == 200


class TestQueue:
    def test_it_shows_the_schedule_and_keeps_it(self, admin_client: Client) -> None:
        schedule = Schedule.objects.get_or_create(name=SWEEP_NAME)[0]
        address = reverse("admin:django_q_schedule_change", args=[schedule.pk])
        assert SWEEP_NAME in admin_client.get(address).content.decode()
        assert admin_client.post(address, {"name": "x"}).status_code == 403
        gone = admin_client.post(
            reverse("admin:django_q_schedule_delete", args=[schedule.pk]), {"post": "yes"}
        )
        assert gone.status_code == 403


class TestNavigation:
    @pytest.mark.parametrize("page", PAGES)
    def test_it_opens_every_list(self, admin_client: Client, page: str) -> None:
        assert admin_client.get(reverse(f"admin:{page}_changelist")).status_code == 200

    def test_it_names_every_list_of_ours(self, admin_client: Client) -> None:
        start = admin_client.get(reverse("admin:index"))
        groups = {group["title"]: len(group["items"]) for group in start.context["sidebar_navigation"]}
        assert groups == {"Conversations": 8, "Quality": 3, "Understanding": 6, "Trouble": 7, "Settings": 8}

    def test_it_names_only_what_may_be_seen(self, client: Client) -> None:
        user = User.objects.create_user("viewer", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_message"))
        client.force_login(user)
        groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
        assert [item["title"] for group in groups for item in group["items"]] == ["Messages", "Spool"]

    def test_it_leads_to_the_admin_after_logging_in(self, client: Client, admin_user: User) -> None:
        form = {"username": "admin", "password": "password", "next": ""}
        assert client.post(reverse("admin:login"), form).headers["Location"] == reverse("admin:index")
