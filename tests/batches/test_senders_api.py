"""Senders' own settings over HTTP, and the tokens for it."""

import io
import json
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from batches import senders_api
from batches.models import SenderPreference
from batches.tokens import hide_tokens
from tests.batches.conftest import SENDER, arrive
from tests.support.commands import as_json

run = partial(as_json, "api_token")

pytestmark = pytest.mark.django_db
ALL = "/api/senders"
ONE = f"{ALL}/{SENDER}"
NOTHING = {
    "name": "",
    "language": "",
    "window_seconds": None,
    "no_auto_replies": False,
    "is_vip": False,
    "notes": "",
}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    senders_api.failures.clear()


class Program:
    """A program with a token."""

    def __init__(self, *permissions: str, role: str = "") -> None:
        self.user = User.objects.create_user(f"program{User.objects.count()}")
        self.user.user_permissions.set(
            Permission.objects.filter(codename__in=[f"{one}_senderpreference" for one in permissions])
        )
        if role:
            self.user.groups.add(Group.objects.get(name=role))
        self.row, self.token = AuthToken.objects.create(self.user)

    def __call__(
        self, method: str, url: str = ONE, data: Any = None, token: str | None = None
    ) -> HttpResponse:
        headers = {"Authorization": f"Token {token or self.token}"}
        content = json.dumps(data) if data is not None else ""
        answer = Client().generic(method, url, content, "application/json", headers=headers)
        return cast(HttpResponse, answer)


def body(answer: HttpResponse) -> Any:
    return json.loads(answer.content)


class TestRows:
    def test_it_makes_changes_reads_and_deletes_one(self) -> None:
        ask = Program("view", "add", "change", "delete")
        made = ask("PUT", data={"name": " Ana ", "language": "FIL", "window_seconds": 0})
        assert (made.status_code, ask("PUT", data={"name": "Ana", "window_seconds": 5}).status_code) == (
            201,
            200,
        )
        row = body(ask("GET"))
        assert row.pop("updated_at")
        assert row == NOTHING | {"number": SENDER, "name": "Ana", "window_seconds": 5}
        changed = ask("PATCH", data={"is_vip": True, "language": "ceb"})
        assert (changed.status_code, body(changed)["is_vip"], body(changed)["name"]) == (200, True, "Ana")
        assert SenderPreference.objects.get().language == "ceb"
        assert (ask("DELETE").status_code, ask("GET").status_code) == (204, 404)

    def test_put_takes_back_what_get_gives(self) -> None:
        ask = Program("view", "add", "change")
        ask("PUT", data={"name": "Ana", "notes": "x", "is_vip": True})
        before = body(ask("GET"))
        after = body(ask("PUT", data=before))
        assert before | {"updated_at": ""} == after | {"updated_at": ""}

    def test_notes_have_one_kind_of_line_ends(self) -> None:
        ask = Program("view", "add", "change")
        assert body(ask("PUT", data={"notes": "a\r\nb"}))["notes"] == "a\nb"

    @pytest.mark.parametrize("spelling", ["+639171234567", "%2B639171234567", "09171234567", "639171234567/"])
    def test_a_number_may_be_written_in_any_way(self, spelling: str) -> None:
        SenderPreference.objects.create(number=SENDER, name="Ana")
        assert body(Program("view")("GET", f"{ALL}/{spelling}"))["number"] == SENDER

    def test_its_window_holds_for_the_next_batch(self) -> None:
        Program("add", "change")("PUT", data={"window_seconds": 7})
        batch = arrive("Yes")
        assert batch.closes_at - batch.opened_at == timedelta(seconds=7)

    def test_the_list_comes_in_pages(self) -> None:
        numbers = [f"+63917{number:07}" for number in range(150)]
        SenderPreference.objects.bulk_create(SenderPreference(number=number) for number in numbers)
        ask, found, url = Program("view"), list[str](), ALL
        while url:
            page = body(ask("GET", url))
            found += [row["number"] for row in page["results"]]
            url = page["next"]
        assert found == numbers

    @pytest.mark.parametrize(
        ("data", "fields"),
        [
            ({"window_seconds": 901}, ["window_seconds"]),
            ({"window_seconds": -1}, ["window_seconds"]),
            ({"window_seconds": "soon"}, ["window_seconds"]),
            ({"language": "tagalog"}, ["language"]),
            ({"name": "A\nna"}, ["name"]),
            ({"name": "x" * 65}, ["name"]),
            ({"notes": "x" * 2001}, ["notes"]),
            ({"is_vip": "perhaps"}, ["is_vip"]),
            ({"window": 5, "is_vp": True}, ["is_vp", "window"]),
            ({"name": None, "is_vip": None}, ["is_vip", "name"]),
            ([], ["non_field_errors"]),
        ],
    )
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_it_names_what_is_wrong(self, method: str, data: Any, fields: list[str]) -> None:
        SenderPreference.objects.create(number=SENDER, name="Ana")
        answer = Program("add", "change")(method, data=data)
        assert (answer.status_code, sorted(body(answer))) == (400, fields)
        assert SenderPreference.objects.get().name == "Ana"

    @pytest.mark.parametrize("number", ["GLOBE", "2255", "%00", "+63"])
    def test_it_takes_numbers_alone(self, number: str) -> None:
        answer = Program("add", "change")("PUT", f"{ALL}/{number}", {})
        assert (answer.status_code, list(body(answer))) == (400, ["number"])

    def test_it_tells_who_changed_what(self, caplog: pytest.LogCaptureFixture) -> None:
        ask = Program("add", "change")
        with caplog.at_level("INFO"):
            ask("PUT", data={})
        assert f"SENDER'S SETTINGS made | Number: {SENDER} | By: {ask.user.username}" in caplog.text


class TestWho:
    @pytest.mark.parametrize(
        ("permissions", "allowed"),
        [
            ((), set()),
            (("view",), {"GET"}),
            (("change",), {"PATCH"}),
            (("add",), set()),
            (("add", "change"), {"PUT", "PATCH"}),
            (("delete",), {"DELETE"}),
        ],
    )
    def test_a_token_may_do_what_its_user_may(self, permissions: tuple[str, ...], allowed: set[str]) -> None:
        SenderPreference.objects.create(number=SENDER)
        ask = Program(*permissions)
        codes = {method: ask(method, data={}).status_code for method in ("GET", "PATCH", "PUT", "DELETE")}
        assert {method for method, code in codes.items() if code < 300} == allowed
        assert {code for method, code in codes.items() if method not in allowed} <= {403}
        assert ask("GET", ALL).status_code == (200 if "view" in permissions else 403)

    @pytest.mark.parametrize(("role", "codes"), [("viewer", [200, 403]), ("operator", [200, 201])])
    def test_roles_hold_here_too(self, role: str, codes: list[int]) -> None:
        ask = Program(role=role)
        assert [ask("GET", ALL).status_code, ask("PUT", data={}).status_code] == codes

    def test_nobody_comes_in_without_a_valid_token(self) -> None:
        ask = Program("view")
        assert Client().get(ALL).status_code == 401
        assert ask("GET", ALL, token="api_" + "0" * 64).status_code == 401
        User.objects.filter(pk=ask.user.pk).update(is_active=False)
        assert ask("GET", ALL).status_code == 401

    def test_a_session_of_the_admin_is_none(self, admin_client: Client) -> None:
        assert admin_client.get(ALL).status_code == 401

    def test_one_that_has_expired_is_none(self) -> None:
        ask = Program("view")
        AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
        assert ask("GET", ALL).status_code == 401

    def test_its_secret_is_nowhere(self) -> None:
        ask = Program("view")
        row = AuthToken.objects.values().get()
        assert not any(ask.token in str(value) for value in row.values())
        assert hide_tokens(f"Token {ask.token}!") == "Token [secret]!"

    def test_guessing_is_slowed_by_address_and_others_are_not_shut_out(
        self, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.WEBHOOK_FAILURES_PER_MINUTE = 2
        ask = Program("view")
        codes = [ask("GET", ALL, token=f"api_{number:064}").status_code for number in range(4)]
        assert codes == [401, 401, 429, 429]
        told = [line for line in caplog.messages if "REFUSED" in line]
        assert told == ["API REFUSED | From: 127.0.0.1 | Attempts without a valid token: 1"]
        assert ask("GET", ALL).status_code == 200

    def test_a_program_is_throttled_by_itself(self, settings: Any) -> None:
        settings.API_REQUESTS_PER_MINUTE = 3
        busy, other = Program("view"), Program("view")
        answers = [busy("GET", ALL) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert other("GET", ALL).status_code == 200


class TestCommand:
    def test_it_makes_lists_and_revokes(self) -> None:
        ask = Program("view")
        made = run(ask.user.username, "--days", "3")
        assert ask("GET", ALL, token=made["token"]).status_code == 200
        listed = run(ask.user.username, "--list")["tokens"]
        assert [one["begins_with"] for one in listed] == [ask.row.token_key, made["begins_with"]]
        assert made["token"] not in json.dumps(listed)
        run(ask.user.username, "--revoke", made["begins_with"])
        assert ask("GET", ALL, token=made["token"]).status_code == 401

    def test_it_is_readable(self) -> None:
        name, out = Program("view").user.username, io.StringIO()
        call_command("api_token", name, stdout=out)
        call_command("api_token", name, "--list", stdout=out)
        assert "Authorization: Token api_" in out.getvalue()
        assert "it is revoked" in out.getvalue()

    @pytest.mark.parametrize("arguments", [["nobody"], ["{}", "--revoke", "api_x"], ["{}", "--revoke", ""]])
    def test_it_fails_with_words(self, arguments: list[str]) -> None:
        name = Program("view").user.username
        with pytest.raises(CommandError, match=r"There is no user|tokens that begin with"):
            run(*(argument.format(name) for argument in arguments))

    def test_who_is_not_active_gets_none(self) -> None:
        user = User.objects.create_user("gone", is_active=False)
        with pytest.raises(CommandError, match="is not active"):
            run(user.username)


def test_the_admin_shows_no_tokens(admin_client: Client) -> None:
    Program("view")
    assert admin_client.get("/admin/knox/authtoken/").status_code == 404
