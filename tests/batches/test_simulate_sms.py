"""`manage.py simulate_sms` against a real web server; tests/system has it beside a whole running system."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from batches import access, closing, pipeline
from batches.clock import Now
from batches.models import Batch, Channel, Message
from batches.simulation import files, script
from classification.csv_rows import BadFile

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def url(live_server: Any) -> str:
    return f"{live_server.url}/api/webhook/sms-received"


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with --json; gives its document and the error that it ended with (empty: none)."""

    def simulate(*arguments: str) -> tuple[dict[str, Any], str]:
        error = ""
        try:
            call_command(
                "simulate_sms", "--json", "--url", url, "--timeout", "0", "--speed", "100", *arguments
            )
        except CommandError as raised:
            error = str(raised)
        printed = capsys.readouterr().out
        return (json.loads(printed) if printed else {}), error

    return simulate


def of_channel(server: Any, channel: Channel) -> str:
    """The address of a channel, with a token of its own."""
    return f"{server.url}/api/webhook/{channel}/{access.issue(channel)[1]}"


class SendsOn(BaseHTTPRequestHandler):
    """A release's own port, to somebody who comes without HTTPS."""

    def do_GET(self) -> None:
        self.send_response(301)
        self.send_header("Location", "https://sms.example.org/")
        self.end_headers()


@pytest.fixture
def sends_on() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SendsOn) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api/webhook/sms-received"
        server.shutdown()


@pytest.fixture
def short_window(settings: Any) -> None:
    settings.CONSOLIDATION_WINDOW = 1


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / "texts"
        path.write_bytes(content.encode())
        return path

    return write


def _settle_everything() -> None:
    Batch.objects.update(opened_at=Now() - timedelta(seconds=61), closes_at=Now() - timedelta(seconds=1))
    closing.close_due()
    for batch in Batch.objects.all():
        pipeline.process(batch.pk, actor="test")


def test_it_posts_one_burst_of_a_new_philippine_number(run: Run, short_window: None) -> None:
    report, _ = run()

    messages = list(Message.objects.order_by("received_at", "id"))
    assert [message.text for message in messages] == ["Yes", "I can help", "but only after 6"]
    assert messages[0].sender.startswith("+63917")
    assert (report["posted"], report["accepted"]) == (3, 3)


def test_it_fails_when_a_batch_is_not_settled_in_time(run: Run, short_window: None) -> None:
    report, error = run()

    assert report["ok"] is False
    assert "is still open: are worker and sweeper running?" in error


def test_it_shows_what_became_of_each_conversation(
    run: Run, short_window: None, write: Callable[[str], Path], settings: Any
) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.CLASSIFICATION_MODE = "rules"
    path = write('{"number": "09171234567", "text": "Yes", "guid": "g1"}\n')
    run(str(path))
    _settle_everything()

    report, error = run(str(path))  # the same GUID again: the same batch

    [batch] = report["batches"]
    assert error == ""
    assert (batch["sender"], batch["label"], batch["engine"]) == ("+639171234567", "agree", "rules")
    assert (batch["outcome"], batch["reply"]) == ("replied", "Thanks for confirming! See you soon.")
    assert batch["seconds"] is not None


def test_it_reports_what_the_webhook_refused(
    run: Run, short_window: None, write: Callable[[str], Path], settings: Any
) -> None:
    settings.WEBHOOK_MAX_BYTES = 1024

    report, error = run(str(write("number,text\n09171234567," + "x" * 2000)))

    assert report["accepted"] == 0
    assert "line 2: HTTP 413: " in error


def test_it_repeats_some_guids(run: Run, short_window: None) -> None:
    report, _ = run("--senders", "2", "--duplicates")

    assert (report["accepted"], report["duplicates"]) == (6, 2)
    assert Message.objects.count() == 6


def test_it_prints_a_table_for_people(
    url: str, short_window: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError):
        call_command("simulate_sms", "--url", url, "--timeout", "0", "--speed", "100")

    printed = capsys.readouterr().out
    assert "3 posted, 3 accepted, 0 ignored as repeats" in printed
    assert Batch.objects.get().sender in printed


def test_it_says_what_to_do_when_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api/webhook/sms-received"

        with pytest.raises(CommandError, match=r"is it running\? Try: make run"):
            call_command("simulate_sms", "--url", address)


def test_on_a_server_it_posts_to_the_public_address(settings: Any) -> None:
    """There the ports are the releases' own, and whoever comes without HTTPS is sent on to it."""
    settings.ENV = settings.ENV.model_copy(update={"https": True})
    settings.SITE_URL = "https://sms.example.invalid"
    expected = (
        r"https://sms\.example\.invalid/api/webhook/sms-received: is it running\? And does its name lead"
    )
    with pytest.raises(CommandError, match=expected):
        call_command("simulate_sms")


def test_it_says_what_is_wrong_with_an_address_beside_the_proxy(sends_on: str, settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(update={"https": True})
    with pytest.raises(CommandError, match="sends on to HTTPS: name the address that gateways post to"):
        call_command("simulate_sms", "--url", sends_on)
    with pytest.raises(CommandError, match=r"SSL.*REQUESTS_CA_BUNDLE=its file"):
        call_command("simulate_sms", "--url", sends_on.replace("http:", "https:"))


def test_it_names_a_certificate_file_that_is_not_there(
    sends_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "own.pem")
    with pytest.raises(CommandError, match=r"REQUESTS_CA_BUNDLE: .*own\.pem.*whole path"):
        call_command("simulate_sms", "--url", sends_on.replace("http:", "https:"))


def test_it_says_when_something_else_listens(live_server: Any) -> None:
    with pytest.raises(CommandError, match="answers HTTP 404"):
        call_command("simulate_sms", "--url", f"{live_server.url}/nothing-here")


def test_it_does_not_write_to_strangers_unless_told_so(url: str, settings: Any) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = True
    settings.SMS_SENDER = "smsmobileapi"

    with pytest.raises(CommandError, match=r"smsmobileapi \(SMS_SENDER\) would send real SMS"):
        call_command("simulate_sms", "--url", url)

    assert not Message.objects.exists()


@pytest.mark.parametrize("slug", ["default", "clinic"])
def test_nor_by_the_provider_of_the_channel_that_it_posts_to(
    live_server: Any, url: str, settings: Any, slug: str
) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = slug == "default"
    of_its_own = {"provider": "smsgate", "auto_reply_enabled": True}
    channel, _ = Channel.objects.update_or_create(slug=slug, defaults=of_its_own)
    where = url if slug == "default" else of_channel(live_server, channel)

    with pytest.raises(CommandError, match=rf"smsgate \(channel {slug}\) would send real SMS"):
        call_command("simulate_sms", "--url", where)

    assert not Message.objects.exists()


def test_it_follows_another_channels_messages(
    live_server: Any, short_window: None, capsys: pytest.CaptureFixture[str]
) -> None:
    where = of_channel(live_server, Channel.objects.create(slug="clinic"))
    with pytest.raises(CommandError, match="still"):  # nobody settles it here
        call_command("simulate_sms", "--url", where, "--timeout", "0", "--json")
    assert [batch["messages"] for batch in json.loads(capsys.readouterr().out)["batches"]] == [3]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--senders", "0"), "must be from 1 to 10000, not 0"),
        (("--burst", "x"), "'x' is not a number"),
        (("--speed", "0"), "must be from 0.01 to 1000, not 0"),
        (("file.csv", "--burst", "2"), "a file says itself who writes what"),
        (("no-such-file.csv",), "no-such-file.csv: No such file or directory"),
    ],
)
def test_it_refuses_options_that_make_no_sense(arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("simulate_sms", *arguments)


def test_it_reads_csv(write: Callable[[str], Path]) -> None:
    path = write('\ufeffnumber,text,delay,guid\r\n0917,"Yes, ""I"" can",,g1\r\n0918,"two\nlines",1.5,\r\n')

    plan = files.load(path, lambda: "new")

    assert [(one.number, one.text, one.at, one.guid) for one in plan] == [
        ("0917", 'Yes, "I" can', 0, "g1"),
        ("0918", "two\nlines", 1.5, "new"),
    ]


def test_it_counts_each_delay_from_the_message_before(write: Callable[[str], Path]) -> None:
    path = write('{"number": "1", "text": "a", "delay": 1}\n\n{"number": "1", "text": "b", "delay": 2}')

    assert [one.at for one in files.load(path, lambda: "new")] == [1, 3]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("number,text\n,Yes", "line 2: number: must not be blank"),
        ("number\n0917", "line 2: text: is missing"),
        ("number,text\n0917", "line 2: text: is missing"),
        ("number,text,delay\n0917,Yes,soon", "line 2: delay: input should be a valid number"),
        ("number,text,delay\n0917,Yes,-1", "line 2: delay: input should be greater than or equal to 0"),
        ("number,text,when\n0917,Yes,now", "line 2: 'when' is not a field; there are number, text, delay"),
        ("number,text\n0917,Yes,I can", "line 2: has more cells than the header line"),
        ('{"number": "1", "text": "a"}\n{"number": ', "line 2: is not JSON: "),
        ('{"number": "1", "text": "a"}\n["0917"]', "line 2: is not a JSON object"),
        ('{"number": 917, "text": "Yes"}', "line 1: number: input should be a valid string"),
        ("number,text\n", "holds no messages"),
        ("", "holds no messages"),
    ],
)
def test_it_names_the_line_and_the_reason(write: Callable[[str], Path], content: str, problem: str) -> None:
    with pytest.raises(BadFile) as raised:
        files.load(write(content), lambda: "new")

    assert problem in str(raised.value)


def test_it_lists_the_first_ten_bad_lines(write: Callable[[str], Path]) -> None:
    with pytest.raises(BadFile, match="and 5 more"):
        files.load(write("number,text\n" + ",Yes\n" * 15), lambda: "new")


def test_it_refuses_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_bytes(b"number,text\n0917,\xff\xfe")

    with pytest.raises(BadFile, match="is not UTF-8 text"):
        files.load(path, lambda: "new")


def test_it_invents_the_same_burst_from_the_same_seed() -> None:
    def plan(seed: int) -> list[script.Planned]:
        return script.bursts(3, 4, 60, Random(seed), lambda: "number", lambda: "guid")

    assert plan(1) == plan(1) != plan(2)


@pytest.mark.parametrize("size", [1, 3, 500])
def test_it_keeps_a_burst_within_its_window(size: int) -> None:
    plan = script.bursts(1, size, 2, Random(1), lambda: "number", lambda: "guid")

    assert len(plan) == size
    assert plan[-1].at - plan[0].at < 2
