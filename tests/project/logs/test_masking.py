"""With LOG_MASK no number and no text is in the log, and operators' greps find what they did."""

import logging
import re

import pytest

from batches.masking import mask_number
from smsconsolidator.logs import JsonFormatter, TextFormatter
from tests.project.logs.conftest import MESSAGE, TEMPLATE, Capture


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
