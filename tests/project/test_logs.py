"""Log lines: the contract's words, no forged lines, no secrets, masked on demand."""

import io
import json
import logging
import re
from base64 import b64encode
from typing import Any

import pytest

from batches.masking import mask_number
from batches.tokens import new_token
from smsconsolidator.logs import MAX_VALUE, JsonFormatter, TextFormatter

SECRET = 'sk-very"secret-key'
Formatter = TextFormatter | JsonFormatter
TEMPLATE = 'SMS RECEIVED | From: %(sender)s | GUID: %(guid)s | Text: "%(text)s"'
MESSAGE = {"sender": "+639171234567", "guid": "msg-001", "text": "Yes"}


class Capture:
    """A real logger with a real handler, whose output is kept."""

    def __init__(self, formatter: Formatter) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter)
        self.log = logging.Logger("batches.ingest", logging.INFO)
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().split("\n")[:-1]

    @property
    def fields(self) -> dict[str, Any]:
        assert len(self.lines) == 1
        return dict(json.loads(self.lines[0]))


@pytest.fixture
def plain() -> Capture:
    return Capture(TextFormatter(secrets=[SECRET]))


@pytest.fixture
def masked() -> Capture:
    return Capture(TextFormatter(mask=True, secrets=[SECRET]))


@pytest.fixture
def machine() -> Capture:
    return Capture(JsonFormatter(secrets=[SECRET]))


@pytest.fixture(params=["plain", "masked", "machine"])
def any_log(request: pytest.FixtureRequest) -> Capture:
    log: Capture = request.getfixturevalue(request.param)
    return log


def test_it_writes_time_level_and_the_words_of_the_contract(plain: Capture) -> None:
    plain.log.info(TEMPLATE, MESSAGE)
    time, line = plain.lines[0][:20], plain.lines[0][20:]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", time)
    assert line == 'INFO SMS RECEIVED | From: +639171234567 | GUID: msg-001 | Text: "Yes"'


def test_it_keeps_the_marks_and_the_indent_of_the_contract(plain: Capture) -> None:
    plain.log.info('  └─ Message %(n)s/3 | GUID: %(guid)s | Text: "Oo 👍🏽"', {"n": 1, "guid": "a"})
    assert plain.lines[0].endswith(' INFO   └─ Message 1/3 | GUID: a | Text: "Oo 👍🏽"')


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\x1b[31m", r"a\r\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u200bb", r"a\u200bb"),
        ("a\u2028b", r"a\u2028b"),
        ("a\x85b", r"a\x85b"),
        ("a\ud800b", r"a\ud800b"),
    ],
)
def test_it_shows_what_could_forge_or_hide(plain: Capture, raw: str, shown: str) -> None:
    plain.log.info("%(text)s", {"text": raw})
    assert plain.lines[0].endswith(f"INFO {shown}")


def test_it_keeps_one_line_for_other_libraries_too(plain: Capture) -> None:
    plain.log.warning("Bad request: %s, %d", "/x\nAUTO-REPLY SENT", 3)
    assert len(plain.lines) == 1
    assert plain.lines[0].endswith(r"Bad request: /x\nAUTO-REPLY SENT, 3")


def test_it_indents_tracebacks_so_that_no_line_of_them_passes_for_a_record(plain: Capture) -> None:
    try:
        raise ValueError("x\n2026-11-22 15:00:00 INFO AUTO-REPLY SENT\u202e")
    except ValueError:
        plain.log.exception("PROCESSING FAILED")
    assert plain.lines[1] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in plain.lines[1:])
    assert r"\u202e" in plain.lines[-1]


@pytest.mark.parametrize("key", ["reason", "guid", "error"])
def test_it_cuts_a_huge_value(any_log: Capture, key: str) -> None:
    any_log.log.info(f"%({key})s", {key: "x" * 900_000})
    assert len(any_log.lines[0]) < 4096
    assert "(+898400 characters)" in any_log.lines[0]


@pytest.mark.parametrize("value", [["x" * 9] * 9000, {"x": "y" * 99_000}, ValueError("x" * 99_000)])
def test_it_cuts_a_huge_value_of_any_kind(any_log: Capture, value: Any) -> None:
    any_log.log.info("%(reason)s", {"reason": value})
    assert len(any_log.lines[0]) < 4096
    assert " characters)" in any_log.lines[0]


def test_it_gives_the_mapping_as_json_fields(machine: Capture) -> None:
    machine.log.info(TEMPLATE, {**MESSAGE, "count": 3, "list": [1]})
    fields = machine.fields
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", fields.pop("time"))
    assert fields == {
        "level": "INFO",
        "logger": "batches.ingest",
        "message": TEMPLATE % MESSAGE,
        **MESSAGE,
        "count": 3,
        "list": [1],
    }


def test_it_lets_no_field_replace_the_records_own(machine: Capture) -> None:
    machine.log.info("fine", {"level": "ERROR", "message": "forged"})
    assert (machine.fields["level"], machine.fields["message"]) == ("INFO", "fine")


def test_it_keeps_json_values_exact_and_lines_printable(machine: Capture) -> None:
    text = "a\nb\u202ec\u200d\U000e0041\x7f"
    machine.log.info("%(text)s", {"text": text})
    assert machine.lines[0].isprintable()
    assert machine.fields["text"] == text


def test_it_writes_exceptions_into_the_json_object(machine: Capture) -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        machine.log.exception("PROCESSING FAILED | %(guid)s", {"guid": "a"})
    assert "ValueError: boom" in machine.fields["exc_info"]


@pytest.mark.parametrize("user", ["a", "ab", "abc"])
def test_it_redacts_what_base64_hides(any_log: Capture, user: str) -> None:
    header = b64encode(f"{user}:{SECRET}".encode()).decode()
    any_log.log.warning("HTTP 401 | Error: %(error)s", {"error": f"Authorization: Basic {header}"})
    output = any_log.stream.getvalue()
    assert "[secret]" in output
    assert header[8:-8] not in output
    assert not [at for at in range(8, len(header) - 12, 4) if header[at : at + 8] in output]


def test_it_redacts_secrets_everywhere(any_log: Capture) -> None:
    try:
        raise RuntimeError(f"401 for {SECRET}")
    except RuntimeError:
        any_log.log.exception("key %(guid)s", {"guid": SECRET})
    any_log.log.warning("key %s", SECRET)
    output = any_log.stream.getvalue()
    assert output.count("[secret]") >= 3
    assert "secret-key" not in output


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+639171234567", "+63********67"),
        ("+12025550123", "+1********23"),
        ("+35312345678", "+353******78"),
        ("09171234567", "*********67"),
        ("0917 123-4567", "***********67"),
        ("639171234567", "**********67"),
        ("+99912345678", "**********78"),
        ("21225", "*****"),
        ("GCash", "*****"),
        ("", ""),
    ],
)
def test_it_masks_numbers(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize("key", ["sender", "sender_raw", "to", "number"])
def test_it_masks_fields_that_hold_numbers(masked: Capture, key: str) -> None:
    masked.log.info(f"From: %({key})s", {key: "+639171234567"})
    assert masked.lines[0].endswith("From: +63********67")


@pytest.mark.parametrize("key", ["text", "body"])
def test_it_masks_fields_that_hold_texts(masked: Capture, key: str) -> None:
    masked.log.info(f'Text: "%({key})s"', {key: "Yes, I can 👍"})
    assert masked.lines[0].endswith('Text: "[12 characters]"')


@pytest.mark.parametrize("number", ["+639171234567", "09171234567", "+63 917 123 4567", "(0917) 123-4567"])
def test_it_masks_numbers_inside_errors(masked: Capture, number: str) -> None:
    masked.log.info("Error: %(error)s", {"error": f"HTTP 400: {number} is barred"})
    assert "4567" not in masked.lines[0]
    assert "HTTP 400" in masked.lines[0]


@pytest.mark.parametrize(
    ("guid", "shown"),
    [
        ("639171234567-1732287600", "*" * 21 + "00"),
        ("in:+639171234567/7", "in:+63********67/7"),
        ("msg-001", "msg-001"),
    ],
)
def test_it_masks_numbers_inside_guids(masked: Capture, guid: str, shown: str) -> None:
    masked.log.info("GUID: %(guid)s", {"guid": guid})
    assert masked.lines[0].endswith(f"GUID: {shown}")


def test_it_masks_numbers_in_tracebacks_and_in_other_libraries_lines(masked: Capture) -> None:
    try:
        raise ValueError("no route to +639171234567")
    except ValueError:
        masked.log.exception("failed for %s", "+639171234567")
    assert "9171234567" not in masked.stream.getvalue()


def test_it_masks_json_fields_and_message_alike() -> None:
    machine = Capture(JsonFormatter(mask=True))
    machine.log.info(TEMPLATE, MESSAGE)
    assert machine.fields["sender"] == "+63********67"
    assert machine.fields["text"] == "[3 characters]"
    assert "9171234567" not in machine.lines[0]


def test_it_leaves_the_record_as_it_was_for_other_handlers() -> None:
    record = logging.LogRecord("x", logging.INFO, "f.py", 1, TEMPLATE, (MESSAGE,), None)
    TextFormatter(mask=True).format(record)
    assert record.getMessage() == TEMPLATE % MESSAGE


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /api/webhook/default/{}",
        "Bad Request: /api/webhook/clinic/{}/",
        "Not Found: /api/webhooks/default/{}",  # a slip in the address, and a token that is good
        "Not Found: //api/webhook//default//{}",
        '127.0.0.1 - "POST /api/webhook/default/{} HTTP/1.1" 200',
        "Authorization: Bearer {}",
    ],
)
@pytest.mark.parametrize("how", ["mapping", "arguments", "traceback"])
def test_it_shows_no_webhook_token(any_log: Capture, line: str, how: str) -> None:
    token = new_token()
    line = line.format(token)
    if how == "mapping":
        any_log.log.warning("%(path)s", {"path": line})
    elif how == "arguments":
        any_log.log.warning("%s: %s", "Refused", line)
    else:
        try:
            raise ValueError(line)
        except ValueError:
            any_log.log.exception("Internal Server Error: %s", line)
    output = any_log.stream.getvalue()
    assert "[secret]" in output
    assert not [start for start in range(len(token) - 12) if token[start : start + 12] in output]


@pytest.mark.parametrize("secret", ["whk_ab0123456789" + "c" * 31, "key-0123456789-of-ours"])
@pytest.mark.parametrize("how", ["error", "arguments", "traceback"])
def test_it_shows_no_half_of_a_secret_whose_digits_look_like_a_number(secret: str, how: str) -> None:
    """Numbers are masked as well; what was left of the secret would not be known for one."""
    capture = Capture(TextFormatter(mask=True, secrets=["key-0123456789-of-ours"]))
    if how == "error":
        capture.log.warning("%(error)s", {"error": f"refused: {secret}"})
    elif how == "arguments":
        capture.log.warning("refused: %s", secret)
    else:
        try:
            raise ValueError(secret)
        except ValueError:
            capture.log.exception("refused")
    output = capture.stream.getvalue()
    assert "of-ours" not in output
    assert "ccc" not in output


def test_it_shows_no_half_of_a_secret_where_a_value_is_cut(any_log: Capture) -> None:
    any_log.log.warning("%(path)s", {"path": "x" * (MAX_VALUE - 8) + SECRET + "x" * 99})
    assert SECRET[:8] not in any_log.stream.getvalue()
    assert "x" * 100 in any_log.stream.getvalue()


@pytest.mark.parametrize("guess", ["x", "pass%20word", "whk_short", "ümlaut", "a.b~c"])
def test_it_shows_nothing_that_stands_where_a_token_belongs(any_log: Capture, guess: str) -> None:
    any_log.log.warning("Not Found: %s", f"/api/webhook/default/{guess}")
    assert any_log.stream.getvalue().count("/api/webhook/default/[secret]") == 1
    assert (
        guess
        not in any_log.stream.getvalue().replace("/api/webhook/default/[secret]", "").split("Not Found")[1]
    )


@pytest.mark.parametrize(
    "line", ["GET /api/webhook/sms-received", "GET /api/webhook/sms-received/ x", "whk_Ab12xY… made"]
)
def test_it_leaves_what_is_no_token(plain: Capture, line: str) -> None:
    plain.log.info("%s", line)
    assert plain.lines[0].endswith(line)


CONTRACT: list[tuple[str, dict[str, object]]] = [
    (
        "CONSOLIDATION STARTED | From: %(sender)s | Message 1 buffered, waiting 60s for more...",
        {"sender": "+639123456789"},
    ),
    ("BATCH RECEIVED | From: %(sender)s | Count: %(count)s", {"sender": "09123456789", "count": 3}),
    (
        "CONSOLIDATED CLASSIFICATION ✓ AGREE | From: %(sender)s | Method: %(method)s | Messages: 3",
        {"sender": "09123456789", "method": "OpenAI"},
    ),
    (
        "CONSOLIDATED CLASSIFICATION ✗ NOT AGREE | From: %(sender)s | Method: %(method)s | Messages: 1",
        {"sender": "09123456789", "method": "Rule-based"},
    ),
    (
        'AUTO-REPLY SENT (batch) | To: %(to)s | Messages: 3 | "%(body)s"',
        {"to": "+639123456789", "body": "Thanks"},
    ),
    ("AUTO-REPLY FAILED (batch) | To: %(to)s | Error: %(error)s", {"to": "+639123456789", "error": "barred"}),
]
GREPS = {
    "CONSOLIDATION STARTED": 1,
    r"BATCH RECEIVED.*Count: 3$": 1,
    "CONSOLIDATED CLASSIFICATION.*OpenAI": 1,
    "CONSOLIDATED CLASSIFICATION.*Rule-based": 1,
    "AUTO-REPLY SENT": 1,
    "ERROR|FAILED": 1,
}


@pytest.mark.parametrize(("pattern", "hits"), GREPS.items())
def test_it_keeps_the_operators_greps_working_with_masking(masked: Capture, pattern: str, hits: int) -> None:
    for template, values in CONTRACT:
        masked.log.info(template, values)
    assert sum(bool(re.search(pattern, line)) for line in masked.lines) == hits
