"""Guessing passwords, with real forms, from several addresses and behind proxies."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as project
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.housekeeping import prune

pytestmark = pytest.mark.django_db

LOGIN = reverse("admin:login")
RIGHT = "a-Good-Long-1"
LIMIT = project.AXES_FAILURE_LIMIT


@pytest.fixture(autouse=True)
def person() -> User:
    return User.objects.create_superuser("ana", password=RIGHT)


def enter(password: str, name: str = "ana", address: str = "198.51.100.7", **headers: str) -> Any:
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(LOGIN, form, headers=headers)


def guess(times: int, **more: str) -> Any:
    return [enter(f"wrong-{number}", **more) for number in range(times)][-1]


def came_in(answer: Any) -> bool:
    return bool(answer.status_code == 302 and answer.headers["Location"] == reverse("admin:index"))


def let_time_pass(seconds: float) -> None:
    for attempt in AccessAttempt.objects.all():
        past = attempt.attempt_time - timedelta(seconds=seconds)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=past)


def test_it_forgives_a_few_slips() -> None:
    assert guess(LIMIT - 1).status_code == 200
    assert came_in(enter(RIGHT))
    assert AccessAttempt.objects.count() == 0  # and counts from the beginning again


def test_it_locks_a_name_for_an_address_even_with_the_right_password() -> None:
    assert guess(LIMIT).status_code == 429
    assert enter(RIGHT).status_code == 429


def test_it_says_in_plain_words_what_happened_and_what_to_do() -> None:
    page = guess(LIMIT).content.decode()
    assert f"There were {LIMIT} wrong passwords in a row" in page
    assert "15 minutes" in page
    assert "works again" in page
    assert "wrong-" not in page


def test_it_lets_the_right_password_in_from_elsewhere() -> None:
    guess(LIMIT)
    assert came_in(enter(RIGHT, address="203.0.113.9"))


def test_it_does_not_lock_the_others_behind_the_same_address() -> None:
    User.objects.create_superuser("ben", password=RIGHT)
    guess(LIMIT)
    assert came_in(enter(RIGHT, name="ben"))


def test_it_lets_in_again_after_a_while_although_a_robot_goes_on() -> None:
    guess(LIMIT)
    let_time_pass(10 * 60)
    assert guess(3).status_code == 429
    let_time_pass(5 * 60 + 1)
    assert came_in(enter(RIGHT))


def test_it_counts_whatever_browser_is_claimed() -> None:
    for number in range(LIMIT):
        enter("wrong", **{"User-Agent": f"robot {number}"})
    assert enter(RIGHT, **{"User-Agent": "another"}).status_code == 429


def test_it_keeps_no_password_and_a_bounded_number_of_rows() -> None:
    guess(LIMIT + 20)
    attempt = AccessAttempt.objects.get()
    assert attempt.failures_since_start == LIMIT
    assert "wrong-" not in attempt.post_data
    assert len(attempt.post_data) < 2000


def test_it_forgets_failures_and_sessions_that_no_longer_count() -> None:
    guess(1)
    past = timezone.now() - timedelta(seconds=1)
    Session.objects.create(session_key="old", session_data="", expire_date=past)
    enter(RIGHT, address="203.0.113.9")
    prune()
    assert (AccessAttempt.objects.count(), Session.objects.count()) == (1, 1)
    let_time_pass(15 * 60 + 1)
    prune()
    assert AccessAttempt.objects.count() == 0


def test_a_supervisor_sees_who_is_locked_and_lets_in_again() -> None:
    guess(LIMIT, name="<b>ana\u202e")
    guess(LIMIT)
    boss = User.objects.create_user("boss", is_staff=True)
    boss.groups.add(Group.objects.get(name="supervisor"))
    client = Client()
    client.force_login(boss)
    page = client.get(reverse("admin:axes_accessattempt_changelist")).content.decode()
    assert "&lt;b&gt;ana" in page
    assert "198.51.100.7" in page
    key = AccessAttempt.objects.get(username="ana").pk
    data = {"action": "delete_selected", "_selected_action": [key], "post": "yes"}
    client.post(reverse("admin:axes_accessattempt_changelist"), data)
    assert came_in(enter(RIGHT))


class TestProxies:
    FORWARDED = {"X-Forwarded-For": "6.6.6.6, 198.51.100.1"}

    def test_it_tells_clients_apart_behind_a_proxy(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = ["10.0.0.1"]
        guess(LIMIT, address="10.0.0.1", **{"X-Forwarded-For": "198.51.100.1"})
        assert enter(RIGHT, address="10.0.0.1", **{"X-Forwarded-For": "198.51.100.1"}).status_code == 429
        assert came_in(enter(RIGHT, address="10.0.0.1", **{"X-Forwarded-For": "198.51.100.2"}))

    def test_it_is_not_fooled_by_an_invented_address(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = ["10.0.0.1"]
        for number in range(LIMIT):
            enter("wrong", address="10.0.0.1", **{"X-Forwarded-For": f"6.6.6.{number}, 198.51.100.1"})
        answer = enter(RIGHT, address="10.0.0.1", **{"X-Forwarded-For": "7.7.7.7, 198.51.100.1"})
        assert answer.status_code == 429


class TestSession:
    def test_it_ends_with_the_browser_and_after_an_hour_without_a_click(self) -> None:
        client = Client(REMOTE_ADDR="198.51.100.7")
        client.post(LOGIN, {"username": "ana", "password": RIGHT})
        cookie = client.cookies["sessionid"]
        assert (cookie["max-age"], cookie["expires"]) == ("", "")
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        row = Session.objects.get()
        assert timedelta(minutes=59) < row.expire_date - timezone.now() <= timedelta(hours=1)
        Session.objects.update(expire_date=timezone.now())
        assert client.get(reverse("admin:index")).status_code == 302

    def test_every_click_counts(self) -> None:
        client = Client(REMOTE_ADDR="198.51.100.7")
        client.post(LOGIN, {"username": "ana", "password": RIGHT})
        Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
        client.get(reverse("admin:index"))
        assert Session.objects.get().expire_date > timezone.now() + timedelta(minutes=58)

    def test_a_new_log_in_has_a_new_session(self) -> None:
        client = Client(REMOTE_ADDR="198.51.100.7")
        client.cookies["sessionid"] = "a" * 32  # planted by somebody
        client.post(LOGIN, {"username": "ana", "password": RIGHT})
        assert client.cookies["sessionid"].value != "a" * 32

    @pytest.mark.parametrize("weak", ["short-1", "password1234", "123456789012345", "anaana"])
    def test_it_takes_no_weak_password(self, person: User, weak: str) -> None:
        client = Client()
        client.force_login(person)
        form = {"username": "carl", "usable_password": "true", "password1": weak, "password2": weak}
        assert client.post(reverse("admin:auth_user_add"), form).status_code == 200
        assert not User.objects.filter(username="carl").exists()
