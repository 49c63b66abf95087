"""Asks a language model: OpenAI's, or that of a server which speaks its protocol.

There are three protocols (OPENAI_KIND), a module each. What is asked, what counts as an answer and what may go wrong
is the same for all and stands in the modules beside this one. Those that load the `openai` package, which takes a
second, are imported only when it is used.
"""

import importlib
import re
from collections.abc import Sequence

from django.conf import settings
from django.utils.crypto import salted_hmac

from classification.engines.base import Context, Endpoint, EngineError, Verdict
from classification.engines.openai_address import base_url

MAX_MODEL = 128
MAX_ADDRESS = 300


class OpenAIEngine:
    """One call for each conversation, with settings.OPENAI_*. Keeps nothing but a connection."""

    def preload(self) -> None:
        """Import the client (39 MB, a second), unless there is no key and so no call."""
        if settings.OPENAI_API_KEY:
            importlib.import_module("classification.engines.openai_call")

    def endpoint(self) -> Endpoint | None:
        """The account's model at its address; None without a key."""
        key = settings.OPENAI_API_KEY
        if not key:
            return None
        address = re.sub("//[^/]*@", "//", base_url())
        account = salted_hmac("classification.circuit", key, algorithm="sha256").hexdigest()[:8]
        return Endpoint("openai", address[:MAX_ADDRESS], settings.OPENAI_MODEL[:MAX_MODEL], account)

    def classify(self, texts: Sequence[str], context: Context) -> Verdict:
        """The model's verdict.

        Raises EngineError after OPENAI_DEADLINE seconds at the latest, with one of the codes: no_key, timeout,
        connection, auth, rate_limit, server_error, bad_request, refused, truncated, invalid_answer.
        """
        if not settings.OPENAI_API_KEY:
            raise EngineError("no_key", model=settings.OPENAI_MODEL)
        from classification.engines.openai_call import ask

        return ask(texts, context)
