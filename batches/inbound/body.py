"""Reading a webhook's body: bounded before it is read, and refused with a reason that its sender can use."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from batches.inbound.base import Malformed
from batches.rejections import KEPT_CHARACTERS

LARGEST = 2**31 - 1  # that the record can hold


class Unread(Malformed):
    """A body that was not read to its end: what is kept of it, and its size in bytes as far as that is known."""

    def __init__(self, request: HttpRequest, reason: str, status: int, beginning: bytes = b"") -> None:
        super().__init__(reason, status=status)
        self.beginning = beginning
        self.size = min(max(_announced(request), len(beginning)), LARGEST)


def read(request: HttpRequest) -> bytes:
    """The raw body. Raises Unread: 415 if not plain JSON, 413 over WEBHOOK_MAX_BYTES, 400 for half of one."""
    if unfit := _unfit(request):
        raise Unread(request, unfit, 415, _beginning(request, KEPT_CHARACTERS))
    limit = settings.WEBHOOK_MAX_BYTES
    body = _beginning(request, limit + 1)
    if len(body) > limit:
        raise Unread(request, f"the body must not be larger than {limit} bytes", 413, body)
    return body


def decode(body: bytes) -> Mapping[str, Any] | list[Any]:
    """The JSON document in `body`. Raises Malformed."""
    if not body:
        raise Malformed("the body is empty; send one message or a list of messages as JSON")
    try:
        document = json.loads(body, parse_constant=_no_constant, parse_int=_int, parse_float=_float)
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict | list):
        raise Malformed("the body must be a JSON object or a list")
    return document


def _unfit(request: HttpRequest) -> str:
    """Why it cannot be JSON as it is; empty where it can."""
    if request.content_type not in ("application/json", ""):
        return f"Content-Type must be application/json, not {request.content_type}"
    if (coding := request.META.get("HTTP_CONTENT_ENCODING", "identity")) not in ("identity", ""):
        return f"Content-Encoding must be identity, not {coding}: send the body as it is"
    return ""


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdecimal() and len(length) < 20 else 0


def _beginning(request: HttpRequest, size: int) -> bytes:
    """So many bytes of it, or all where it is shorter. Raises Unread."""
    try:
        return request.read(size) if request.META.get("CONTENT_LENGTH") else _chunked(request, size)
    except UnreadablePostError:  # nobody is left to read the answer; the record says what happened
        raise Unread(request, "the connection broke before the body was complete", 400) from None


def _chunked(request: HttpRequest, size: int) -> bytes:
    """A body without a length: Django would see none, but the server's stream has it."""
    if "chunked" not in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return b""
    return bytes(request.META["wsgi.input"].read(size))


def _int(digits: str) -> int | str:
    """The number; as text where it has more digits than Python converts, for it may stand beside good messages."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _float(digits: str) -> float | str:
    """The number; as text where it is too large for one, for JSON cannot write infinity down again."""
    number = float(digits)
    return number if isfinite(number) else digits


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
