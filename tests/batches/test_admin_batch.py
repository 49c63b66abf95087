"""A batch's page, and what an operator may do about a batch that is stuck."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.admin import looks
from batches.choices import BatchStatus, Outcome
from batches.models import Batch
from batches.pipeline import process
from replies.models import Reply
from replies.senders import memory
from replies.senders.base import refused, unknown
from tests.batches.conftest import age, arrive, closed, done, kinds
from tests.batches.test_closing import queued

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]

LIST = reverse("admin:batches_batch_changelist")
PROCESS, SEND = "Process again", "Send again although unknown"
REFUSED = refused("no_credit", "No <b>credit</b> left.\u202e")
NO_ANSWER = unknown("timeout", "No answer in time.")


def test_every_status_and_every_end_has_its_colour() -> None:
    assert set(looks.STATUS) == set(BatchStatus)
    assert set(looks.OUTCOME) == set(Outcome) - {Outcome.NONE}
    assert looks.OUTCOME[Outcome.HELD] == "warning"  # it waits for a person


@pytest.fixture
def operator(admin_user: User) -> Client:
    """A browser of the administrator, which has to send the form's token."""
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def viewer() -> Client:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_batch"))
    client = Client()
    client.force_login(user)
    return client


def test_a_batchs_page_says_which_one_it_is(admin_client: Client) -> None:
    """Not in its path alone, which is cut where the window is narrow: `--resend-unknown` asks for the number."""
    batch = arrive("Yes")
    page = admin_client.get(reverse("admin:batches_batch_change", args=[batch.pk])).content.decode()
    assert f"<h2>Batch {batch.pk}</h2>" in page


def settled(*answers: Any, text: str = "Yes") -> Batch:
    memory.next_results.extend(answers)
    return done(closed(text))


def overdue() -> Batch:
    batch = arrive("Yes")
    age(batch, 61)
    return Batch.objects.get(id=batch.id)


def page(batch: Batch, name: str = "change") -> str:
    return reverse(f"admin:batches_batch_{name}", args=[batch.id])


def html(client: Client, batch: Batch) -> str:
    answer = client.get(page(batch))
    assert answer.status_code == 200
    return answer.content.decode()


def select(client: Client, action: str, *batches: Batch, **data: str) -> Any:
    chosen = {"action": action, "_selected_action": [batch.id for batch in batches]}
    return client.post(LIST, chosen | data)


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


class TestPage:
    def test_it_shows_the_head_and_the_story(self, operator: Client) -> None:
        text = html(operator, settled(text="Opo, sige po 👍"))
        for expected in (
            "Completed", "Agree", "Replied", "+639171234567", "60 s, until", "after the window",
            "Opo, sige po 👍", "Thanks for confirming! See you soon.", "Classified", "rules", "Reply sent",
        ):  # fmt: skip
            assert expected in text

    def test_it_escapes_and_reveals_what_strangers_wrote(self, operator: Client) -> None:
        text = html(operator, settled(REFUSED, text="<script>alert(1)</script>{{ 7|add:7 }}\u200b yes"))
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in text
        assert "<script>alert(1)" not in text
        assert "No &lt;b&gt;credit&lt;/b&gt; left." in text
        assert ">U+200B</code>" in text
        assert ">U+202E</code>" in text
        assert "\u200b" not in text

    def test_it_is_shown_while_the_batch_is_open(self, operator: Client) -> None:
        assert "not yet" in html(operator, arrive("Yes"))

    def test_it_says_how_many_messages_it_leaves_out(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("batches.admin.batches.MAX_MESSAGES", 2)
        assert "3 more messages" in html(operator, arrive(*["Yes"] * 5))

    def test_it_asks_as_often_for_many_messages_as_for_one(self, operator: Client) -> None:
        def queries(batch: Batch) -> int:
            with CaptureQueriesContext(connection) as captured:
                html(operator, batch)
            return len(captured)

        few = arrive("Yes")
        html(operator, few)  # what is remembered between requests is not counted
        assert queries(few) == queries(arrive(*["Yes"] * 30, sender="+639181234999"))

    def test_it_leads_back_when_there_is_no_such_batch(self, operator: Client) -> None:
        answer = operator.get(reverse("admin:batches_batch_change", args=[999]), follow=True)
        assert "doesn’t exist" in answer.content.decode()


class TestButtons:
    def test_it_offers_to_process_what_was_refused(self, operator: Client) -> None:
        text = html(operator, settled(REFUSED))
        assert (PROCESS in text, SEND in text) == (True, False)

    def test_it_offers_to_close_what_is_overdue(self, operator: Client) -> None:
        assert PROCESS in html(operator, overdue())

    def test_it_offers_to_send_again_only_what_is_unknown(self, operator: Client) -> None:
        text = html(operator, settled(NO_ANSWER))
        assert (PROCESS in text, SEND in text) == (False, True)

    def test_it_offers_nothing_for_what_is_fine(self, operator: Client) -> None:
        for batch in (settled(), arrive("Yes")):
            text = html(operator, batch)
            assert (PROCESS in text, SEND in text) == (False, False)

    def test_it_offers_nothing_to_somebody_who_may_only_look(self, viewer: Client) -> None:
        assert PROCESS not in html(viewer, settled(REFUSED))

    @pytest.mark.parametrize("name", ["process_this_again", "send_this_again"])
    def test_it_refuses_somebody_who_may_only_look(self, viewer: Client, name: str) -> None:
        batch = settled(REFUSED)
        assert viewer.post(page(batch, name), {"confirmed": "yes"}).status_code == 403
        assert queued() == [batch.id]  # by its closing, and not again

    def test_it_asks_first_and_changes_nothing(self, operator: Client) -> None:
        batch = settled(REFUSED)
        before = kinds(batch)
        for answer in (
            operator.get(page(batch, "process_this_again"), {"confirmed": "yes"}),
            operator.post(page(batch, "process_this_again")),
        ):
            assert "Send the reply again" in answer.content.decode()
            assert "No &lt;b&gt;credit&lt;/b&gt; left." in answer.content.decode()
        assert kinds(batch) == before

    def test_it_wants_the_forms_token(self, admin_user: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(admin_user)
        batch = settled(REFUSED)
        assert strict.post(page(batch, "process_this_again"), {"confirmed": "yes"}).status_code == 403

    def test_it_processes_again_in_the_operators_name(self, operator: Client) -> None:
        batch = settled(REFUSED)
        answer = operator.post(page(batch, "process_this_again"), {"confirmed": "yes"})
        assert answer.headers["Location"] == page(batch)
        assert f"Batch {batch.id}: reply queued again" in told(answer)[0]
        assert batch.events.get(kind="requeued").actor == "admin:admin"
        process(batch.id, "worker")
        assert Reply.objects.get().status == "sent"

    def test_it_warns_before_it_sends_again_what_may_have_been_sent(self, operator: Client) -> None:
        batch = settled(NO_ANSWER)
        text = operator.get(page(batch, "send_this_again")).content.decode()
        assert "may have sent these replies already" in text
        operator.post(page(batch, "send_this_again"), {"confirmed": "yes"})
        assert Reply.objects.get().status == "pending"

    def test_it_offers_no_confirmation_where_nothing_can_be_done(self, operator: Client) -> None:
        text = operator.get(page(settled(), "process_this_again")).content.decode()
        assert "Nothing can be done here" in text
        assert 'name="confirmed"' not in text

    def test_it_leaves_alone_what_has_changed_meanwhile(self, operator: Client) -> None:
        batch = settled()
        answer = operator.post(page(batch, "process_this_again"), {"confirmed": "yes"})
        assert f"Batch {batch.id}: left alone" in told(answer)[0]

    def test_it_cuts_a_long_name_to_what_an_event_holds(self) -> None:
        client, batch = Client(), settled(REFUSED)
        client.force_login(User.objects.create_superuser("n" * 150))
        client.post(page(batch, "process_this_again"), {"confirmed": "yes"})
        assert batch.events.get(kind="requeued").actor == ("admin:" + "n" * 150)[:64]

    @pytest.mark.parametrize("key", ["999", "nonsense"])
    def test_it_knows_no_other_batch(self, operator: Client, key: str) -> None:
        address = reverse("admin:batches_batch_process_this_again", args=[key])
        assert operator.post(address, {"confirmed": "yes"}).status_code == 404


class TestActions:
    def test_it_shows_what_would_be_done_to_each(self, operator: Client) -> None:
        late, open_ = overdue(), arrive("Yes", sender="+639181234999")
        text = select(operator, "process_again", late, open_).content.decode()
        assert "Close and queue" in text
        assert "its window is not over yet" in text
        assert Batch.objects.get(id=late.id).status == "open"

    def test_it_does_it_once_confirmed(self, operator: Client) -> None:
        late, open_ = overdue(), arrive("Yes", sender="+639181234999")
        answer = select(operator, "process_again", late, open_, confirmed="yes")
        assert answer.headers["Location"] == LIST
        assert sorted(text.split(" (")[0] for text in told(answer)) == [
            f"Batch {late.id}: closed and queued",
            f"Batch {open_.id}: left alone",
        ]
        assert queued() == [late.id]

    def test_it_carries_the_choice_through_the_confirmation(self, operator: Client) -> None:
        batch = settled(NO_ANSWER)
        text = select(operator, "send_again", batch).content.decode()
        assert f'name="_selected_action" value="{batch.id}"' in text
        assert 'name="action" value="send_again"' in text

    def test_it_does_not_send_the_unknown_again_by_processing(self, operator: Client) -> None:
        select(operator, "process_again", settled(NO_ANSWER), confirmed="yes")
        assert Reply.objects.get().status == "unknown"

    def test_it_sends_the_unknown_again_when_told_so(self, operator: Client) -> None:
        select(operator, "send_again", settled(NO_ANSWER), confirmed="yes")
        assert Reply.objects.get().status == "pending"

    def test_it_is_not_offered_to_somebody_who_may_only_look(self, viewer: Client) -> None:
        late = overdue()
        assert PROCESS not in viewer.get(LIST).content.decode()
        select(viewer, "process_again", late, confirmed="yes")
        assert Batch.objects.get(id=late.id).status == "open"

    def test_it_is_for_whoever_may_reprocess_batches(self, viewer: Client) -> None:
        User.objects.get().user_permissions.add(Permission.objects.get(codename="reprocess_batch"))
        late = overdue()
        select(viewer, "process_again", late, confirmed="yes")
        assert Batch.objects.get(id=late.id).status == "closed"
        assert viewer.post(page(late), {"status": "failed"}).status_code == 403
