"""Judgements on the review queue's page, over HTTP, and who may make them."""

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from batches.models import Batch, Channel
from classification import reviewing
from classification.models import Classification, Correction
from replies.senders import memory
from tests.batches.conftest import arrive, browser, closed, done
from tests.batches.review.conftest import HOSTILE, PAGE, html, waiting

pytestmark = pytest.mark.django_db(transaction=True)


def judge(client: Client, row: Classification, **data: str) -> tuple[str, list[str]]:
    """Where the browser is sent, and what it is told."""
    answer = client.post(PAGE, {"verdict": str(row.pk)} | data)
    assert answer.status_code == 302
    return answer["Location"], [str(message) for message in get_messages(answer.wsgi_request)]


class TestJudging:
    @pytest.mark.parametrize(
        ("label", "told"), [("agree", "confirmed as agree."), ("neutral", "corrected from agree to neutral.")]
    )
    def test_it_stores_what_was_said_and_shows_the_next(
        self, operator: Client, label: str, told: str
    ) -> None:
        row, other = waiting(), waiting("No", sender="+639181234567")
        where, messages = judge(operator, row, label=label)
        assert messages == [f"Batch {row.batch_id}: {told}"]
        assert Correction.objects.get().corrected == label
        assert f'name="verdict" value="{other.pk}"' in html(operator, where)

    def test_the_sidebars_number_follows_at_once(self, operator: Client) -> None:
        row = waiting()
        waiting("No", sender="+639181234567")
        assert reviewing.about() == "2"
        judge(operator, row, label="agree")
        assert reviewing.about() == "1"

    def test_skipping_stores_nothing(self, operator: Client) -> None:
        row, other = waiting(), waiting("No", sender="+639181234567")
        where, messages = judge(operator, row, skip="yes")
        assert (Correction.objects.count(), messages) == (0, [])
        assert f'name="verdict" value="{other.pk}"' in html(operator, where)
        where, _ = judge(operator, other, skip="yes")
        assert "Begin again" in html(operator, where)

    @pytest.mark.parametrize(
        ("label", "told"), [("", "no category ''"), ("booking", "no category 'booking'")]
    )
    def test_an_unknown_label_is_refused(self, operator: Client, label: str, told: str) -> None:
        _, messages = judge(operator, waiting(), label=label)
        assert told in messages[0]
        assert not Correction.objects.exists()

    def test_judging_twice_is_told(self, operator: Client) -> None:
        row = waiting()
        judge(operator, row, label="agree")
        _, messages = judge(operator, row, label="neutral")
        assert messages[-1:] == [f"Batch {row.batch_id}: You have judged this verdict before: agree."]

    def test_two_reviewers_may_judge_the_same(self, operator: Client) -> None:
        row = waiting()
        ben = browser("supervisor")
        judge(operator, row, label="agree")
        _, messages = judge(ben, row, label="neutral")
        assert "corrected" in messages[0]
        assert "a-operator said: agree" in html(operator, f"{PAGE}?verdict={row.pk}")


class TestCorrectingReply:
    def batch(self) -> Batch:
        return done(closed("Yes"))

    def test_it_shows_what_would_be_sent(self, operator: Client) -> None:
        row = self.batch().classifications.get()
        page = html(operator, f"{PAGE}?verdict={row.pk}")
        assert "“<bdi>Thank you for replying.</bdi>”" in page
        assert "disabled" not in page.split('name="send"')[1].split(">")[0]

    def test_it_says_why_none_would_be(self, operator: Client) -> None:
        row = self.batch().classifications.get()
        Channel.objects.update(auto_reply_enabled=False)
        page = html(operator, f"{PAGE}?verdict={row.pk}")
        assert "none. Automatic replies are switched off." in page
        assert "disabled" in page.split('name="send"')[1].split(">")[0]

    def test_it_is_sent_when_ticked(self, operator: Client) -> None:
        batch = self.batch()
        _, messages = judge(operator, batch.classifications.get(), label="disagree", send="yes")
        assert messages == [
            f"Batch {batch.pk}: corrected from agree to disagree, and a correcting reply is on its way."
        ]
        done(batch)
        assert [sms.body for sms in memory.outbox][1:] == ["Thank you for replying."]

    def test_it_tells_when_it_cannot_be_sent(self, operator: Client) -> None:
        batch = self.batch()
        Channel.objects.update(auto_reply_enabled=False)
        _, messages = judge(operator, batch.classifications.get(), label="disagree", send="yes")
        assert messages[1] == f"Batch {batch.pk}: no correcting reply. Automatic replies are switched off."


class TestWhoMay:
    @pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 200), ("supervisor", 200)])
    def test_roles(self, role: str, status: int) -> None:
        row, client = waiting(), browser(role)
        assert client.get(PAGE).status_code == status
        assert client.post(PAGE, {"verdict": row.pk, "label": "agree"}).status_code == (
            status if status == 403 else 302
        )
        assert Correction.objects.count() == (status == 200)

    def test_a_form_from_elsewhere_is_refused(self) -> None:
        user = User.objects.create_user("eve", is_staff=True)
        user.groups.add(Group.objects.get(name="operator"))
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        assert client.post(PAGE, {"verdict": waiting().pk, "label": "agree"}).status_code == 403

    def test_the_sidebar_counts_for_those_who_may(self, operator: Client) -> None:
        waiting()
        lists = reverse("admin:batches_batch_changelist")
        assert PAGE in html(operator, lists)
        assert PAGE not in html(browser("viewer"), lists)


class TestFromABatchsPage:
    def test_a_batchs_verdict_can_be_judged_although_it_is_not_in_the_queue(self, operator: Client) -> None:
        row = waiting(review="")
        button = reverse("admin:batches_batch_judge_this", args=[row.batch_id])
        assert button in html(operator, reverse("admin:batches_batch_change", args=[row.batch_id]))
        answer = operator.get(button, follow=True)
        assert f'name="verdict" value="{row.pk}"' in answer.content.decode()

    def test_without_a_verdict_it_says_so(self, operator: Client) -> None:
        batch = arrive("Yes")
        answer = operator.get(reverse("admin:batches_batch_judge_this", args=[batch.pk]), follow=True)
        assert "There is no verdict yet." in answer.content.decode()

    def test_a_viewer_has_no_such_button(self) -> None:
        row, viewer = waiting(), browser("viewer")
        button = reverse("admin:batches_batch_judge_this", args=[row.batch_id])
        assert button not in html(viewer, reverse("admin:batches_batch_change", args=[row.batch_id]))
        assert viewer.get(button).status_code == 403


def test_corrections_are_listed(operator: Client) -> None:
    row = waiting(HOSTILE)
    judge(operator, row, label="neutral")
    page = html(operator, reverse("admin:classification_correction_changelist"))
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    one = html(
        operator, reverse("admin:classification_correction_change", args=[Correction.objects.get().pk])
    )
    assert "\u202e" not in one
    assert 'name="corrected"' not in one
