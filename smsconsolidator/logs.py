"""How a log line looks: readable text or JSON, personal data masked, secrets never shown, no forged lines.

A log call gives one mapping, which is both the human line and the machine's fields:
`log.info("DUPLICATE IGNORED | GUID: %(guid)s", {"guid": guid})`.
"""

import json
import logging
import os
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any

from pythonjsonlogger.json import JsonEncoder
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from batches.masking import mask_number, mask_numbers
from smsconsolidator import request_ids
from smsconsolidator.secrecy import visible, without_secrets

# Longest text shown of one value, in characters. The longest SMS (10 parts) has 1,530; with it a line stays
# under 4,096 bytes, which Linux guarantees to reach a pipe in one piece (PIPE_BUF).
MAX_VALUE = 1600


def _mask_text(text: str) -> str:
    return f"[{len(text)} characters]"


MASKS: dict[str, Callable[[str], str]] = {
    "sender": mask_number,
    "sender_raw": mask_number,
    "to": mask_number,
    "number": mask_number,
    "text": _mask_text,
    "body": _mask_text,
    "error": mask_numbers,
    "guid": mask_numbers,  # some gateways make theirs of the number
}


@lru_cache(maxsize=4)
def _utc(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


class _Guard:
    """What both formatters do to a record before they lay it out, and to its traceback.

    Secrets go before numbers are masked and long values cut: half a secret would not be recognised afterwards.
    """

    def __init__(self, mask: bool, secrets: Collection[str]) -> None:
        self.mask, self._secrets = mask, secrets

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy with guarded values; the record itself stays as it is for other handlers."""
        copy = object.__new__(logging.LogRecord)
        copy.__dict__.update(record.__dict__, exc_text=None)
        if isinstance(record.args, Mapping):
            guard = self._mask if self.mask else self._cut
            copy.args = {key: guard(key, value) for key, value in record.args.items()}
        elif self.mask:
            copy.msg, copy.args = self._without_numbers(record.getMessage()), None
        return copy

    def _mask(self, key: str, value: Any) -> Any:
        if key in MASKS and value is not None:
            value = MASKS[key](without_secrets(str(value), self._secrets))
        return self._cut(key, value)

    def _cut(self, _key: str, value: Any) -> Any:
        """The value, or the beginning of it as text where it is longer as text: a list may be, too."""
        if value is None or isinstance(value, int | float) or len(text := str(value)) <= MAX_VALUE:
            return value
        text = without_secrets(text, self._secrets)
        return f"{text[:MAX_VALUE]}… (+{len(text) - MAX_VALUE} characters)" if len(text) > MAX_VALUE else text

    def _without_numbers(self, text: str) -> str:
        return mask_numbers(without_secrets(text, self._secrets))

    def traceback(self, text: str) -> str:
        """Tracebacks quote untrusted text: indented, none of their lines can pass for a record."""
        text = self._without_numbers(text) if self.mask else text
        return "\n".join(f"    {visible(line)}" for line in text.split("\n"))


class TextFormatter(logging.Formatter):
    """`2026-11-22 15:00:00 INFO message`, in UTC; one line a record, tracebacks indented below it.

    Behind a proxy that sends X-Request-ID, lines of a request end with ` | Request: …`.
    """

    def __init__(self, mask: bool = False, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = frozenset(secrets)
        self._guard = _Guard(mask, self._secrets)

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(self._guard.prepare(record)), self._secrets)

    def formatMessage(self, record: logging.LogRecord) -> str:
        request = request_ids.current()
        suffix = f" | Request: {request}" if request else ""
        return f"{_utc(int(record.created))} {record.levelname} {visible(record.message)}{suffix}"

    def formatException(self, ei: Any) -> str:
        return self._guard.traceback(super().formatException(ei))


class JsonFormatter(BaseJsonFormatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, and the call's mapping."""

    def __init__(self, mask: bool = False, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._encode = JsonEncoder(ensure_ascii=False).encode
        self._secrets = frozenset(secrets)
        self._guard = _Guard(mask, self._secrets)

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(self._guard.prepare(record)), self._secrets)

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname, "logger": record.name, "message": visible(record.message)}
        if request := request_ids.current():
            log_data["request_id"] = request
        fields = record.args if isinstance(record.args, Mapping) else {}
        for key, value in (*fields.items(), *message_dict.items()):
            log_data.setdefault(key, value)

    def formatException(self, ei: Any) -> str:
        return self._guard.traceback(str(super().formatException(ei)))

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """JSON escapes line ends itself; bidi and zero-width characters are escaped here, reversibly."""
        line = self._encode(log_data)
        if line.isprintable():
            return line
        return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


# syslog's numbers (sd-daemon(3)): journald takes `<4>` off the beginning of a line, and `journalctl -p` goes by it.
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


class LineHandler(logging.StreamHandler[IO[str]]):
    """Writes to a stream, and tells systemd's journal, where the stream is one of it, how serious each line is."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if not _goes_to_journal(self.stream):
            return text
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        # A line of a traceback is one of the journal's own.
        return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))


def _goes_to_journal(stream: IO[str]) -> bool:
    """Whether it is the socket whose device and inode systemd names: a pipe of a program in between is not."""
    if not (named := os.environ.get("JOURNAL_STREAM")):
        return False
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return named == f"{status.st_dev}:{status.st_ino}"
