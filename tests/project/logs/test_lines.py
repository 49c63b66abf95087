"""Log lines: the contract's words, no forged lines, bounded, and the same as fields."""

import re
from typing import Any

import pytest

from tests.project.logs.conftest import MESSAGE, TEMPLATE, Capture


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
