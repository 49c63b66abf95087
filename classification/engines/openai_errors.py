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
    (openai.OpenAIError, "invalid_answer", "The answer is none of this protocol"),
]
# An answer of another shape: the package, or whoever reads it, meets it with whatever breaks first.
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
        raise _malformed(error) from None


@contextmanager
def paid(usage: Any) -> Iterator[None]:
    """The answer that is read in the block was billed: whatever is wrong with it tells its tokens."""
    try:
        yield
    except (EngineError, *MALFORMED) as error:
        told = error if isinstance(error, EngineError) else _malformed(error)
        tokens = billed(usage)
        told.input_tokens, told.output_tokens = tokens["input_tokens"], tokens["output_tokens"]
        raise told from None


def fitting(pattern: re.Pattern[str], value: Any) -> str:
    """`value` if it is all of the `pattern` and no secret, else nothing."""
    fits = isinstance(value, str) and pattern.fullmatch(value) and settings.OPENAI_API_KEY not in value
    return str(value) if fits else ""


def _malformed(error: Exception) -> EngineError:
    message = f"The answer does not fit the schema ({type(error).__name__})."
    return EngineError("invalid_answer", message, model=settings.OPENAI_MODEL)


def _translated(error: openai.OpenAIError) -> EngineError:
    code, words = next((code, words) for kind, code, words in CODES if isinstance(error, kind))
    if isinstance(error, openai.APIStatusError):
        wait, words = retry_after(error.response.headers), _status(error)
    else:
        wait, words = None, words + _cause(error) + "."
    return EngineError(code, words, model=settings.OPENAI_MODEL, retry_after=wait)


def _status(error: openai.APIStatusError) -> str:
    """E.g. "HTTP 400 invalid_request_error unsupported_value, parameter temperature (request req_0f3a)"."""
    names = [fitting(NAME, name) for name in (error.type, error.code)]
    words = " ".join(filter(None, [f"HTTP {error.status_code}", *names]))
    parameter = fitting(PARAMETER, error.param)
    request_id = fitting(REQUEST_ID, error.request_id)
    words += f", parameter {parameter}" if parameter else ""
    return words + (f" (request {request_id})" if request_id else "")


def _cause(error: BaseException) -> str:
    """What the operating system said, e.g. ": Connection refused"; else the kind of error that lies below."""
    below = error.__cause__
    inner = below
    while inner:
        if isinstance(inner, OSError) and inner.strerror:
            return f": {inner.strerror}"
        inner = inner.__cause__ or inner.__context__
    return f" ({type(below).__name__})" if below else ""
