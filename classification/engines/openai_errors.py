"""The OpenAI package's exceptions in the project's words. Imported with the package itself: only when it is used."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import openai
from django.conf import settings
from pydantic import ValidationError

from classification.engines.base import EngineError
from classification.engines.untrusted import billed, visible

if TYPE_CHECKING:
    import httpx2

MAX_MESSAGE = 300
# Seconds. A server that asks for more patience than this is not asked again: the next engine decides now.
MAX_WAIT = 2.0

# In order: the first class that fits names the code.
CODES: list[tuple[type[Exception], str]] = [
    (openai.APITimeoutError, "timeout"),
    (openai.APIConnectionError, "connection"),
    (openai.AuthenticationError, "auth"),
    (openai.PermissionDeniedError, "auth"),
    (openai.RateLimitError, "rate_limit"),
    (openai.InternalServerError, "server_error"),
    (openai.APIStatusError, "bad_request"),
    (openai.LengthFinishReasonError, "truncated"),
    (openai.ContentFilterFinishReasonError, "refused"),
]
# An answer that is no chat completion at all: the package meets it with whatever breaks first.
MALFORMED = (ValidationError, json.JSONDecodeError, AttributeError, TypeError, IndexError)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the package raises into EngineError. No message holds the key or is longer than MAX_MESSAGE."""
    try:
        yield
    except EngineError as error:
        raise _error(error.code, str(error), error.input_tokens, error.output_tokens) from None
    except openai.OpenAIError as error:
        code = next((code for kind, code in CODES if isinstance(error, kind)), "invalid_answer")
        usage = getattr(getattr(error, "completion", None), "usage", None)
        raise _error(code, _message(error), **billed(usage)) from None
    except MALFORMED as error:
        message = f"The answer does not fit the schema ({type(error).__name__})."
        raise _error("invalid_answer", message) from None


def _error(
    code: str, message: str, input_tokens: int | None = None, output_tokens: int | None = None
) -> EngineError:
    model = settings.OPENAI_MODEL
    safe = visible(message.replace(settings.OPENAI_API_KEY, "[key]"), MAX_MESSAGE)
    return EngineError(code, safe, model=model, input_tokens=input_tokens, output_tokens=output_tokens)


def _message(error: openai.OpenAIError) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    cause = error.__cause__
    return str(said or error) + (f" ({type(cause).__name__}: {cause})" if cause else "")


def forbid_long_waits(response: "httpx2.Response") -> None:
    """Stop the package from sleeping as long as the server says, which may be two minutes."""
    waits = {"retry-after": 1, "retry-after-ms": 1000}
    if not all(_is_short(response.headers.get(name, "0"), unit) for name, unit in waits.items()):
        response.headers["x-should-retry"] = "false"


def _is_short(wait: str, units_per_second: int) -> bool:
    try:
        return float(wait) / units_per_second <= MAX_WAIT
    except ValueError:  # a date
        return False
