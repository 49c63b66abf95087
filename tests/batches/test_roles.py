"""What each role may open and do, asked over HTTP; and that the groups are made and kept right."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from batches import roles
from batches.models import Batch, Channel, RejectedDelivery
from batches.roles import OPERATOR, ROLES, SUPERVISOR, VIEWER, sync_roles
from classification.models import LexiconEntry, Rule, RuleSet
from replies.models import Reply
from replies.senders.base import unknown
from tests.batches.conftest import age, arrive, browser
from tests.batches.test_admin_batch import REFUSED, settled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]

EVERYBODY = ["viewer", "operator", "supervisor"]
PAGES = {
    "batches_batch": EVERYBODY,
    "batches_message": EVERYBODY,
    "batches_rejecteddelivery": EVERYBODY,
    "replies_reply": EVERYBODY,
    "replies_consent": EVERYBODY,
    "batches_keyword": ["operator", "supervisor"],
    "classification_classification": EVERYBODY,
    "classification_correction": EVERYBODY,
    "classification_ruleset": EVERYBODY,
    "classification_category": ["operator", "supervisor"],
    "classification_rule": ["operator", "supervisor"],
    "classification_lexiconentry": ["operator", "supervisor"],
    "django_q_failure": ["operator", "supervisor"],
    "batches_channel": ["supervisor"],
    "axes_accessattempt": ["supervisor"],
    "django_q_schedule": ["supervisor"],
    "django_q_success": ["supervisor"],
    "django_q_ormq": ["supervisor"],
    "auth_user": [],
    "auth_group": [],
}


def overdue() -> Batch:
    batch = arrive("Yes")
    age(batch, 61)
    return batch


def held(role: str) -> set[str]:
    found = Group.objects.get(name=role).permissions.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}" for one in found}


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("page", PAGES)
def test_it_opens_a_list_to_the_roles_that_need_it(role: str, page: str) -> None:
    expected = 200 if role in PAGES[page] else 403
    assert browser(role).get(reverse(f"admin:{page}_changelist")).status_code == expected


@pytest.mark.parametrize("role", EVERYBODY)
def test_it_shows_every_role_a_batch_with_its_reply_and_attempts(role: str) -> None:
    batch, client = settled(REFUSED), browser(role)
    reply = Reply.objects.get()
    assert client.get(reverse("admin:batches_batch_change", args=[batch.pk])).status_code == 200
    page = client.get(reverse("admin:replies_reply_change", args=[reply.pk])).content.decode()
    assert "No &lt;b&gt;credit&lt;/b&gt; left." in page


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", "open"), ("operator", "closed"), ("supervisor", "closed")]
)
def test_it_lets_operators_reprocess_from_the_list(role: str, status: str) -> None:
    batch = overdue()
    chosen = {"action": "process_again", "_selected_action": [batch.pk], "confirmed": "yes"}
    browser(role).post(reverse("admin:batches_batch_changelist"), chosen)
    batch.refresh_from_db()
    assert batch.status == status


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 302), ("supervisor", 302)])
@pytest.mark.parametrize(
    ("name", "answer"), [("process_this_again", REFUSED), ("send_this_again", unknown("t", "?"))]
)
def test_it_lets_operators_reprocess_and_resend_from_the_page(
    role: str, code: int, name: str, answer: Any
) -> None:
    batch = settled(answer)
    before = Reply.objects.get().status
    address = reverse(f"admin:batches_batch_{name}", args=[batch.pk])
    client = browser(role)
    assert client.get(address).status_code == (403 if code == 403 else 200)
    assert client.post(address, {"confirmed": "yes"}).status_code == code
    assert Reply.objects.get().status == (before if code == 403 else "pending")


@pytest.mark.parametrize("missing", ["reprocess_batch", "resend_batch"])
def test_it_asks_each_action_for_its_own_permission(missing: str) -> None:
    client = browser("operator")
    Group.objects.get(name="operator").permissions.remove(Permission.objects.get(codename=missing))
    batch = settled(REFUSED)
    codes = {
        name: client.post(reverse(f"admin:batches_batch_{name}", args=[batch.pk])).status_code
        for name in ("process_this_again", "send_this_again")
    }
    refused = "process_this_again" if missing == "reprocess_batch" else "send_this_again"
    assert {name for name, code in codes.items() if code == 403} == {refused}


@pytest.mark.parametrize("page", ["batch", "message"])
@pytest.mark.parametrize(
    ("role", "kind"), [("viewer", "text/html"), ("operator", "text/csv"), ("supervisor", "text/csv")]
)
def test_it_lets_operators_export(role: str, kind: str, page: str) -> None:
    batch = overdue()
    key = batch.pk if page == "batch" else batch.messages.get().pk
    data = {"action": "export_as_csv", "_selected_action": [key]}
    answer = browser(role).post(reverse(f"admin:batches_{page}_changelist"), data, follow=True)
    assert answer.headers["Content-Type"].startswith(kind)
    if kind == "text/html":
        assert "Export selected" not in answer.content.decode()


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
def test_it_lets_supervisors_set_channels(role: str, code: int) -> None:
    channel = Channel.objects.get_or_create(slug="default")[0]
    address = reverse("admin:batches_channel_change", args=[channel.pk])
    form = {"region": "US", "window_seconds": "", "auto_reply_enabled": "unknown", "provider": "console"}
    client = browser(role)
    assert client.get(address).status_code == (403 if code == 403 else 200)
    assert client.post(address, form).status_code == code
    channel.refresh_from_db()
    assert (channel.region, channel.provider) == (("", "") if code == 403 else ("US", "console"))


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 200), ("supervisor", 200)])
@pytest.mark.parametrize("page", ["draft", "draft_export", "playground"])
def test_it_shows_operators_the_draft_and_the_playground(role: str, code: int, page: str) -> None:
    assert browser(role).get(reverse(f"admin:classification_rule_{page}")).status_code == code


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
@pytest.mark.parametrize("act", ["discard", "load_shipped", "publish"])
def test_it_lets_supervisors_alone_act_on_the_draft(role: str, code: int, act: str) -> None:
    client, rules = browser(role), RuleSet.objects.count()
    if act == "publish":
        Rule.objects.create(name="own", patterns="zebra")
    answer = client.post(reverse("admin:classification_rule_draft"), {"act": act})
    assert answer.status_code == code
    assert RuleSet.objects.count() == rules + (act == "publish" and code == 302)


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
@pytest.mark.parametrize("act", ["activate", "load"])
def test_it_lets_supervisors_alone_bring_a_rule_set_back(role: str, code: int, act: str) -> None:
    client, row = browser(role), RuleSet.objects.get()
    assert client.get(reverse("admin:classification_ruleset_change", args=[row.pk])).status_code == 200
    assert client.get(reverse("admin:classification_ruleset_export", args=[row.pk])).status_code == 200
    address = reverse("admin:classification_ruleset_act", args=[row.pk])
    assert client.post(address, {"act": act}).status_code == code


@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
def test_it_lets_supervisors_alone_change_the_draft(role: str, code: int) -> None:
    word, client = LexiconEntry.objects.filter(kind="noise")[0], browser(role)
    address = reverse("admin:classification_lexiconentry_change", args=[word.pk])
    assert client.post(address, {"kind": "noise", "term": "zebra", "language": "en"}).status_code == code
    assert client.post(address.replace("change", "delete"), {"post": "yes"}).status_code == code


@pytest.mark.parametrize("role", EVERYBODY)
def test_it_lets_no_role_change_or_delete_what_came_in(role: str) -> None:
    batch, client = arrive("Yes"), browser(role)
    refused = RejectedDelivery.objects.create(http_status=400, size=0)
    for name, key in (
        ("batch", batch.pk),
        ("message", batch.messages.get().pk),
        ("rejecteddelivery", refused.pk),
    ):
        assert (
            client.post(reverse(f"admin:batches_{name}_change", args=[key]), {"text": "x"}).status_code == 403
        )
        assert (
            client.post(reverse(f"admin:batches_{name}_delete", args=[key]), {"post": "yes"}).status_code
            == 403
        )


@pytest.mark.parametrize("role", EVERYBODY)
def test_it_lets_no_role_make_itself_a_superuser(role: str) -> None:
    client = browser(role)
    user = User.objects.get()
    form = {"username": user.username, "is_superuser": "on", "is_staff": "on", "is_active": "on"}
    assert client.post(reverse("admin:auth_user_change", args=[user.pk]), form).status_code == 403
    assert client.post(reverse("admin:auth_user_add"), {"username": "x"}).status_code == 403
    user.refresh_from_db()
    assert not user.is_superuser


def test_it_takes_no_role_for_staff() -> None:
    user = User.objects.create_user("outside")
    user.groups.add(Group.objects.get(name="supervisor"))
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("admin:batches_batch_changelist"))
    assert answer.headers["Location"].startswith(reverse("admin:login"))


class TestGroups:
    def test_each_role_holds_exactly_its_permissions(self) -> None:
        assert {role: held(role) for role in ROLES} == ROLES
        assert VIEWER < OPERATOR < SUPERVISOR

    def test_it_puts_right_what_was_changed(self) -> None:
        Group.objects.get(name="viewer").permissions.set(Permission.objects.filter(codename="change_user"))
        Group.objects.get(name="operator").delete()
        call_command("migrate", verbosity=0)
        assert {role: held(role) for role in ROLES} == ROLES

    def test_it_makes_permissions_that_are_not_there_yet(self) -> None:
        Permission.objects.filter(content_type__app_label="replies").delete()
        sync_roles()
        assert held("viewer") == VIEWER

    def test_it_leaves_other_groups_alone(self) -> None:
        own = Group.objects.create(name="auditors")
        own.permissions.add(Permission.objects.get(codename="view_channel"))
        sync_roles()
        assert held("auditors") == {"batches.view_channel"}

    def test_it_refuses_a_permission_that_does_not_exist(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(roles.ROLES, "viewer", {"batches.view_unicorn"})
        with pytest.raises(LookupError, match=r"viewer: no such permission: batches\.view_unicorn"):
            sync_roles()
        assert held("viewer") == VIEWER
