"""The switch that stops replies: before a call, for replies that wait, in the admin, in /readyz."""

import json
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from batches.choices import Outcome
from batches.leases import LEADER
from batches.models import Channel, Lease
from batches.reprocess import RESENT, SKIPPED, reprocess
from classification.models import Circuit
from classification.services import endpoints
from replies import switches
from replies.models import Reply, ReplyStatus, Switch
from replies.senders import memory
from replies.senders.base import SendResult, accepted, refused
from tests.batches.conftest import arrive, browser, closed, done

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]
LIST, THROW = "admin:replies_switch_changelist", "admin:replies_switch_throw"
TOKEN = "metrics-token-of-the-tests-1"
BUSY = refused("http_503", "try later", retryable=True)


def stop(channel: Channel | None = None, reason: str = "a loop") -> bool:
    return switches.throw(channel.pk if channel else None, stop=True, reason=reason, actor="ana")


def go_on(channel: Channel | None = None) -> bool:
    return switches.throw(channel.pk if channel else None, stop=False, reason="mended", actor="ana")


class TestSwitch:
    def test_nothing_leaves_while_all_are_stopped(self, outbox: list[memory.Sms]) -> None:
        assert stop()
        batch = done(closed("Yes"))
        reply = batch.replies.get()
        assert (outbox, reply.status, reply.reason) == ([], "suppressed", "stopped")
        assert reply.error == "All replies are stopped by ana: a loop"
        assert (batch.status, batch.outcome, batch.label) == ("completed", Outcome.HELD, "agree")

    def test_a_channel_is_stopped_by_itself(self, channel: Channel, outbox: list[memory.Sms]) -> None:
        other = Channel.objects.create(slug="other")
        assert stop(other)
        assert done(closed("Yes")).outcome == Outcome.REPLIED
        assert stop(channel)
        assert done(closed("Yes")).outcome == Outcome.HELD

    def test_letting_all_go_on_leaves_a_stopped_channel_stopped(self, channel: Channel) -> None:
        assert stop()
        assert stop(channel)
        assert go_on()
        assert done(closed("Yes")).outcome == Outcome.HELD
        assert go_on(channel)
        assert done(closed("Yes")).outcome == Outcome.REPLIED

    def test_throwing_it_twice_changes_nothing(self) -> None:
        assert not go_on()
        assert stop()
        assert not stop()
        assert Switch.objects.count() == 1

    @pytest.mark.parametrize("command", ["STOP", "HELP"])
    def test_answers_to_commands_are_stopped_too(self, command: str, outbox: list[memory.Sms]) -> None:
        stop()
        batch = done(arrive(command))
        assert (outbox, batch.replies.get().reason) == ([], "stopped")

    def test_a_reply_that_waits_is_withdrawn(self, outbox: list[memory.Sms]) -> None:
        memory.next_results.append(BUSY)
        batch = done(closed("Yes"))
        assert (batch.status, len(outbox)) == ("closed", 1)
        stop()
        batch = done(batch)
        assert (batch.outcome, batch.replies.get().reason, len(outbox)) == (Outcome.HELD, "stopped", 1)

    def test_a_person_may_have_it_sent_when_replies_go_on(self, outbox: list[memory.Sms]) -> None:
        stop()
        batch = done(closed("Yes"))
        [result] = reprocess([batch.id], actor="ana")
        assert (result.action, result.detail) == (SKIPPED, "All replies are stopped by ana: a loop")
        go_on()
        [result] = reprocess([batch.id], actor="ana")
        assert result.action == RESENT
        assert (done(batch).outcome, len(outbox)) == (Outcome.REPLIED, 1)

    def test_it_says_so_loudly(self, caplog: pytest.LogCaptureFixture) -> None:
        stop()
        go_on()
        told = [(record.levelno, record.getMessage()) for record in caplog.records]
        assert told == [
            (logging.ERROR, "REPLIES STOPPED | Channel: every channel | By: ana | Reason: a loop"),
            (logging.WARNING, "REPLIES GO ON | Channel: every channel | By: ana | Reason: mended"),
        ]


class TestAdmin:
    @pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("operator", 403), ("supervisor", 302)])
    def test_supervisors_alone_throw_it(self, role: str, code: int) -> None:
        answer = browser(role).post(reverse(THROW), {"channel": "", "stop": "yes", "reason": "a loop"})
        assert answer.status_code == code
        assert Switch.objects.count() == (code == 302)

    def test_it_is_recorded_who_when_and_why(self, channel: Channel) -> None:
        client = browser("supervisor")
        client.post(reverse(THROW), {"channel": channel.pk, "stop": "yes", "reason": " <b>loop</b> "})
        row = Switch.objects.get()
        assert (row.channel, row.stopped, row.actor) == (channel, True, "admin:a-supervisor")
        assert (row.reason, (datetime.now(UTC) - row.at).total_seconds() < 60) == ("<b>loop</b>", True)
        page = client.get(reverse(LIST)).content.decode()
        assert "&lt;b&gt;loop&lt;/b&gt;" in page
        assert "<b>loop" not in page
        client.post(reverse(THROW), {"channel": channel.pk, "stop": "no", "reason": "mended"})
        assert [row.stopped for row in Switch.objects.order_by("id")] == [True, False]

    @pytest.mark.parametrize(
        "form",
        [
            {"channel": "", "stop": "yes", "reason": "  "},
            {"channel": "", "stop": "", "reason": "a loop"},
            {"channel": "99", "stop": "yes", "reason": "a loop"},
            {"channel": "x", "stop": "yes", "reason": "a loop"},
        ],
    )
    def test_it_does_nothing_without_a_reason_or_a_channel(self, form: dict[str, str]) -> None:
        assert browser("supervisor").post(reverse(THROW), form).status_code == 302
        assert not Switch.objects.exists()

    def test_only_a_post_acts(self) -> None:
        assert browser("supervisor").get(reverse(THROW)).status_code == 405

    def test_every_page_carries_a_banner(self, channel: Channel) -> None:
        client = browser("viewer")
        pages = [reverse(name) for name in ("admin:index", "admin:batches_batch_changelist", LIST)]
        assert not any("are stopped" in client.get(page).content.decode() for page in pages)
        stop(reason="it <i>loops</i>")
        for page in pages:
            shown = client.get(page).content.decode()
            assert shown.count("All replies are stopped") == 1
            assert "it &lt;i&gt;loops&lt;/i&gt;" in shown
            assert 'name="stop"' not in shown
        assert "are stopped" not in Client().get(reverse("admin:login")).content.decode()


def test_readyz_tells_what_is_stopped(client: Client, channel: Channel) -> None:
    Lease.objects.update_or_create(name=LEADER, defaults={"beat_at": datetime.now(UTC)})
    assert client.get("/readyz").json()["stopped"] == []
    stop(channel)
    answer = client.get("/readyz")
    [told] = answer.json()["stopped"]
    assert (answer.status_code, told["channel"], told["by"], told["reason"]) == (
        200,
        "default",
        "ana",
        "a loop",
    )


@pytest.mark.parametrize(
    ("token", "headers", "told"),
    [
        ("", {}, True),
        ("", {"REMOTE_ADDR": "203.0.113.9"}, False),
        ("", {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, False),
        (TOKEN, {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, True),
        (TOKEN, {}, False),
    ],
)
def test_strangers_are_not_told_who_stopped_it_and_why(
    client: Client, channel: Channel, settings: Any, token: str, headers: dict[str, str], told: bool
) -> None:
    settings.METRICS_TOKEN, settings.OPENAI_API_KEY = token, "sk-1"
    settings.CLASSIFICATION_MODE = "llm_then_rules"
    [endpoint] = endpoints()
    next_try = datetime(2030, 1, 1, tzinfo=UTC)
    Circuit.objects.create(**asdict(endpoint), state="open", last_error="auth", next_try_at=next_try)
    stop(channel)
    answer = client.get("/readyz", **headers).json()  # type: ignore[arg-type]
    everybody = {"channel", "since"}
    [row] = answer["stopped"]
    assert row.keys() == (everybody | {"by", "reason"} if told else everybody)
    assert (row["channel"], answer["model"]["state"]) == ("default", "open")
    assert ("last_error" in answer["model"]) is told


def test_a_reply_on_its_way_is_not_called_back(outbox: list[memory.Sms]) -> None:
    def while_it_is_stopped() -> SendResult:
        stop()
        return accepted("m-1")

    memory.next_results.append(while_it_is_stopped)
    batch = done(closed("Yes"))
    assert (batch.outcome, Reply.objects.get().status) == (Outcome.REPLIED, ReplyStatus.SENT)


class TestCommand:
    def run(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
        call_command("stop_replies", *arguments)
        return capsys.readouterr().out

    def test_it_stops_and_lets_go_on(self, capsys: pytest.CaptureFixture[str], channel: Channel) -> None:
        assert "Nothing is stopped." in self.run(capsys)
        assert "every channel" in self.run(capsys, "--reason", "a [red]loop")
        assert done(closed("Yes")).outcome == Outcome.HELD
        told = json.loads(self.run(capsys, "--channel", "default", "--reason", "its own", "--json"))
        assert [(one["channel"], one["reason"]) for one in told["stopped"]] == [
            ("all", "a [red]loop"),
            ("default", "its own"),
        ]
        assert told["stopped"][0]["by"].startswith("command:")
        self.run(capsys, "--go-on", "--reason", "mended")
        assert "default" in self.run(capsys, "--go-on", "--reason", "nothing to change")
        assert "Nothing is stopped." in self.run(
            capsys, "--go-on", "--channel", "default", "--reason", "mended"
        )

    def test_it_refuses_what_it_cannot_do(self, channel: Channel) -> None:
        with pytest.raises(CommandError, match="there is no channel 'clinic'; there are: default"):
            call_command("stop_replies", "--channel", "clinic", "--reason", "a loop")
        with pytest.raises(CommandError, match="Say why"):
            call_command("stop_replies", "--go-on")
        assert not Switch.objects.exists()
