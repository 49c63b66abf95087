"""What strangers write, through the real webhook, and every place where people or spreadsheets read it."""

import csv
import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.closing import close_due
from batches.models import Batch, Message
from batches.pipeline import process
from batches.spreadsheet import cell
from replies.models import Reply
from smsconsolidator.logs import JsonFormatter, TextFormatter
from tests.batches.conftest import URL, age, sms

pytestmark = pytest.mark.django_db(transaction=True)

UNSEEN = "\u202e\u202d\u2066\u2069\u200b\u200e\u200f\u2060\ufeff\u00ad\u2028\u0085\u001b\U000e0041"
TEXTS = {
    "html": "<b onmouseover=alert(1)>Yes</b><img src=x onerror=alert(2)>",
    "script": "</script><script>alert(3)</script>",
    "attribute": "\" autofocus onfocus=alert(4) x='",
    "template": "{{7*7}}{% debug %}{{ request.user.password }}${7*7}",
    "alpine": "x-data=\"{a: alert(5)}\" @click='alert(6)'",
    "unseen": f"pay{UNSEEN}now",
}
FORMULAS = [
    "=cmd|'/C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    '"=1+1',
    "＝1+1",
    "|calc",
    "%0A=1",
    "hello;=1+1",
    "hello\n=1+1",
    "+639171234567",
    "-5",
]
SENDERS = ["=cmd|'/C calc'!A0", "<script>alert(9)</script>", "EVIL\u202eNAME", "@all", "{{7*7}}"]
DANGEROUS = [
    "<script>alert", "<b onmouseover", "<img src=x", "\" autofocus", "'alert(6)'", "\u202e", "\u200b",
]  # fmt: skip
BATCHES, MESSAGES = (reverse(f"admin:batches_{name}_changelist") for name in ("batch", "message"))


@pytest.fixture
def log() -> Iterator[dict[str, io.StringIO]]:
    """What both formats print meanwhile."""
    streams = {"text": io.StringIO(), "json": io.StringIO()}
    formatters: dict[str, logging.Formatter] = {"text": TextFormatter(), "json": JsonFormatter()}
    handlers = []
    for name, stream in streams.items():
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatters[name])
        handlers.append(handler)
        logging.getLogger().addHandler(handler)
    yield streams
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


@pytest.fixture
def hostile(settings: Any, log: dict[str, io.StringIO], client: Client) -> dict[str, io.StringIO]:
    """Everything hostile as text, GUID and sender, received, processed and refused."""
    settings.CLASSIFICATION_MODE = "rules"
    words = [*TEXTS.values(), *FORMULAS]
    messages = [sms(guid=f"{text}-{number}"[:255], text=text) for number, text in enumerate(words)]
    messages += [sms(guid=f"s{number}", number=sender) for number, sender in enumerate(SENDERS)]
    refused = [sms(guid=TEXTS["script"], number="", text=text) for text in TEXTS.values()]
    answer = client.post(URL, {"messages": messages + refused}, content_type="application/json")
    assert (answer.status_code, answer.json()["processed"]) == (200, len(messages))
    for batch in Batch.objects.all():
        age(batch, 61)
    close_due()
    for batch in Batch.objects.all():
        process(batch.id, "worker")
    return log


def addresses() -> list[str]:
    pages = [BATCHES, MESSAGES, reverse("admin:batches_rejecteddelivery_changelist")]
    pages += [
        reverse(f"admin:{name}_changelist") for name in ("replies_reply", "classification_classification")
    ]
    for name, rows in (("batch", Batch.objects.all()), ("message", Message.objects.all())):
        pages += [reverse(f"admin:batches_{name}_change", args=[row.pk]) for row in rows]
    return pages


def test_no_page_runs_or_hides_any_of_it(hostile: Any, admin_client: Client) -> None:
    pages = {address: admin_client.get(address).content.decode() for address in addresses()}
    for text in [*TEXTS.values(), *SENDERS]:
        page = admin_client.get(MESSAGES, {"q": text}).content.decode()
        pages[f"search {text!r}"] = page.replace(f'value="{text}"', "")  # the box gives back what was typed
    assert len(pages) > 40
    for address, page in pages.items():
        for dangerous in DANGEROUS:
            assert dangerous not in page, (address, dangerous)
    story = "".join(pages.values())
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in story
    assert "{{7*7}}{% debug %}" in story
    assert ">U+202E</code>" in story


def exported(client: Client, address: str, model: Any) -> list[dict[str, str]]:
    data = {"action": "export_as_csv", "_selected_action": list(model.objects.values_list("pk", flat=True))}
    answer = client.post(address, data)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.streaming
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(("address", "model"), [(BATCHES, Batch), (MESSAGES, Message)])
def test_no_cell_of_an_export_is_a_formula(
    hostile: Any, admin_client: Client, address: str, model: Any
) -> None:
    rows = exported(admin_client, address, model)
    assert len(rows) == model.objects.count()
    for row in rows:
        for value in row.values():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "|", "%")), value
            assert not set(UNSEEN) & set(value), value
    assert "'=cmd|'/C calc'!A0" in {row["sender"] for row in rows}


def test_an_export_tells_the_segments_that_left(hostile: Any, admin_client: Client) -> None:
    answered = Batch.objects.earliest("id")
    row = {"batch": answered, "to": "+1", "body": "x", "provider": "memory", "kind": "correction"}
    Reply.objects.create(**row, status="unknown", segments=2)
    told = {row["id"]: row["segments"] for row in exported(admin_client, BATCHES, Batch)}
    assert told.pop(str(answered.pk)) == "2"
    assert set(told.values()) == {""}


def test_an_export_keeps_what_was_written(hostile: Any, admin_client: Client) -> None:
    texts = [row["text"] for row in exported(admin_client, MESSAGES, Message)]
    assert TEXTS["html"] in texts
    assert TEXTS["template"] in texts
    assert any(text.startswith("pay[U+202E][U+202D]") and text.endswith("now") for text in texts)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1", "'=1"),
        (" =1", " '=1"),
        ('"=1', "\"'=1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'[U+000D]'=1"),
        ("a;=1", "a;'=1"),
        ("a;+1;-1", "a;'+1;'-1"),
        ("a\n@x", "a\n'@x"),
        ("+63917", "'+63917"),
        ("Opo, 1+1=2 @ 5 - ok 👍🏽", "Opo, 1+1=2 @ 5 - ok 👍🏽"),
        ("", ""),
        (None, None),
        (-5, -5),
    ],
)
def test_it_writes_a_cell_that_no_spreadsheet_runs(value: Any, shown: Any) -> None:
    assert cell(value) == shown


def test_the_log_is_one_visible_line_a_record(hostile: dict[str, io.StringIO]) -> None:
    for name, stream in hostile.items():
        lines = stream.getvalue().split("\n")[:-1]
        assert len(lines) > 30
        for line in lines:
            assert line.isprintable(), line
            assert line.startswith("{" if name == "json" else "20"), line
    assert r"pay\u202e\u202d" in hostile["text"].getvalue()


def test_the_export_is_told_in_the_log(hostile: dict[str, io.StringIO], admin_client: Client) -> None:
    exported(admin_client, MESSAGES, Message)
    assert f"EXPORTED | User: admin | Table: batches.message | Rows: {Message.objects.count()}" in (
        hostile["text"].getvalue()
    )
