"""One call to the model, from the texts to the verdict. Imported only when the package is used."""

import os
import weakref
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from openai import OpenAI

from classification.engines import openai_chat, openai_decisions, openai_http, openai_responses
from classification.engines.base import Context, Verdict
from classification.engines.openai_address import base_url
from classification.engines.openai_answer import MODEL_NAME, Answer, matters
from classification.engines.openai_errors import REQUEST_ID, explained, fitting, paid
from classification.engines.openai_prompt import sent_texts
from classification.engines.openai_request import Request
from classification.engines.untrusted import billed, visible

MAX_NAME = 128  # characters of a model's name
# What each module has: ask(client, request), and read(answered), which gives the answer and its confidence.
KINDS = {"chat": openai_chat, "responses": openai_responses, "decisions": openai_decisions}


def ask(texts: Sequence[str], context: Context) -> Verdict:
    """The model's verdict. Raises EngineError."""
    kind: Any = KINDS[settings.OPENAI_KIND]
    request = Request(context, sent_texts(texts))
    with explained():
        answered = openai_http.within(settings.OPENAI_DEADLINE, lambda: kind.ask(_client(), request))
        with paid(answered.usage):
            answer, confidence = kind.read(answered)
            return _verdict(answer, confidence, answered, request)


def models() -> set[str]:
    """The names of the models that the account may use. Raises EngineError."""
    with explained():
        listed = openai_http.within(settings.OPENAI_DEADLINE, lambda: list(_client().models.list()))
        return {visible(model.id, MAX_NAME) for model in listed}


def _verdict(answer: Answer, confidence: float | None, answered: Any, request: Request) -> Verdict:
    found = matters(answer, request.context.live.document, request.texts)
    return Verdict(
        found[0].label,
        confidence,
        matters=found,
        # Servers may answer with a model of their own choice, and in any shape.
        model=fitting(MODEL_NAME, answered.model) or request.model,
        trace={"request_id": fitting(REQUEST_ID, answered._request_id)},
        **billed(answered.usage),
    )


def _client() -> OpenAI:
    return _connected(settings.OPENAI_API_KEY, base_url(), settings.OPENAI_TIMEOUT, os.getpid())


@lru_cache(maxsize=1)
def _connected(api_key: str, address: str, timeout: float, process: int) -> OpenAI:  # noqa: ARG001
    """One client, with its open connections, for a process: after a fork the parent's is left alone."""
    http_client = openai_http.client(timeout)
    client = OpenAI(
        api_key=api_key, base_url=address, timeout=timeout, max_retries=1, http_client=http_client
    )
    weakref.finalize(client, http_client.close)
    return client
