"""The OpenAI package's exceptions in the project's words. Imported with the package itself: only when it is used.

A server's own words are never kept: an error may quote the conversation or the key. What an operator needs is: the
HTTP status, the error's code, type and parameter where they are identifiers, and the request's id.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
from django.conf import settings
from pydantic import ValidationError

from classification.engines.base import EngineError
from classification.engines.openai_http import retry_after
from classification.engines.untrusted import billed

# In order: the first class that fits names the code, and what is said where there is no HTTP status.
CODES: list[tuple[type[Exception], str, str]] = [
    (openai.APITimeoutError, "timeout", "No answer in time"),
    (openai.APIConnectionError, "connection", "No connection"),
    (openai.AuthenticationError, "auth", ""),
    (openai.PermissionDeniedError, "auth", ""),
    (openai.RateLimitError, "rate_limit", ""),
    (openai.InternalServerError, "server_error", ""),
    (openai.APIStatusError, "bad_request", ""),
    (openai.LengthFinishReasonError, "truncated", "The model ran out of tokens"),
    (openai.ContentFilterFinishReasonError, "refused", "The content filter stopped the answer"),
    (openai.OpenAIError, "invalid_answer", "The answer is no chat completion"),
]
# An answer that is no chat completion at all: the package meets it with whatever breaks first.
MALFORMED = (ValidationError, json.JSONDecodeError, AttributeError, TypeError, IndexError)
# As OpenAI writes codes and types (rate_limit_exceeded), parameters (messages[0].content) and ids (req_0f3a).
NAME = re.compile(r"[a-z][a-z_]{0,63}", re.ASCII)
PARAMETER = re.compile(r"[a-z][a-z_]{0,31}(\[\d{1,2}\])?(\.[a-z][a-z_]{0,31}){0,3}", re.ASCII)
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the package raises into EngineError, in our own words."""
    try:
        yield
    except EngineError as error:
        error.model = settings.OPENAI_MODEL
        raise error from None
    except openai.OpenAIError as error:
        raise _translated(error) from None
    except MALFORMED as error:
        message = f"The answer does not fit the schema ({type(error).__name__})."
        raise EngineError("invalid_answer", message, model=settings.OPENAI_MODEL) from None


def _translated(error: openai.OpenAIError) -> EngineError:
    code, words = next((code, words) for kind, code, words in CODES if isinstance(error, kind))
    usage = getattr(getattr(error, "completion", None), "usage", None)
    if isinstance(error, openai.APIStatusError):
        wait, words = retry_after(error.response.headers), _status(error)
    else:
        wait, words = None, words + _cause(error) + "."
    return EngineError(code, words, model=settings.OPENAI_MODEL, retry_after=wait, **billed(usage))


def _status(error: openai.APIStatusError) -> str:
    """E.g. "HTTP 400 invalid_request_error unsupported_value, parameter temperature (request req_0f3a)"."""
    names = [_fitting(NAME, name) for name in (error.type, error.code)]
    words = " ".join(filter(None, [f"HTTP {error.status_code}", *names]))
    parameter = _fitting(PARAMETER, error.param)
    request_id = _fitting(REQUEST_ID, error.request_id)
    words += f", parameter {parameter}" if parameter else ""
    return words + (f" (request {request_id})" if request_id else "")


def _fitting(pattern: re.Pattern[str], value: Any) -> str:
    fits = isinstance(value, str) and pattern.fullmatch(value) and settings.OPENAI_API_KEY not in value
    return str(value) if fits else ""


def _cause(error: BaseException) -> str:
    """What the operating system said, e.g. ": Connection refused"; else the kind of error that lies below."""
    below = error.__cause__
    inner = below
    while inner:
        if isinstance(inner, OSError) and inner.strerror:
            return f": {inner.strerror}"
        inner = inner.__cause__ or inner.__context__
    return f" ({type(below).__name__})" if below else ""
