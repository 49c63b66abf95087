"""Reading a webhook's body: bounded before it is read, and refused with a reason that its sender can use."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from batches.inbound.base import Malformed


def read(request: HttpRequest) -> bytes:
    """The raw body. Raises Malformed: 415 if not plain JSON, 413 over WEBHOOK_MAX_BYTES, 400 for half of one, 408 for
    one that is not sent to its end.
    """
    if request.content_type not in ("application/json", ""):
        raise Malformed(f"Content-Type must be application/json, not {request.content_type}", status=415)
    if (coding := request.META.get("HTTP_CONTENT_ENCODING", "identity")) not in ("identity", ""):
        raise Malformed(
            f"Content-Encoding must be identity, not {coding}: send the body as it is", status=415
        )
    limit = settings.WEBHOOK_MAX_BYTES
    try:
        body = request.read(limit + 1) if request.META.get("CONTENT_LENGTH") else _chunked(request, limit + 1)
    except (UnreadablePostError, TimeoutError) as error:
        raise _incomplete(error) from None
    if len(body) > limit:
        raise Malformed(f"the body must not be larger than {limit} bytes", status=413)
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


def _incomplete(error: Exception) -> Malformed:
    """Half a body: its sender sends no more of it, or has gone, and then the record alone says what happened."""
    late = error if isinstance(error, TimeoutError) else error.__cause__
    if isinstance(late, TimeoutError):
        return Malformed(str(late), status=408)
    return Malformed("the connection broke before the body was complete")


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
