"""What a request says in every protocol. Imported only when the package is used."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from openai import Omit, omit
from openai.types.shared_params import ReasoningEffort

from classification.engines import openai_prompt as prompt
from classification.engines.base import Context
from classification.engines.openai_address import base_url, is_openai
from classification.engines.openai_answer import schema

# Room for a reasoning model's hidden tokens; the answer itself takes about thirty.
MAX_OUTPUT_TOKENS = 2048


@dataclass(frozen=True)
class Request:
    """One conversation to be judged, and how. `omit` stands for what is not sent.

    Other servers are told nothing that only OpenAI understands: that nothing may be stored, for whom it is asked,
    what may share a cache and how much to think.
    """

    context: Context
    texts: Sequence[str]

    @property
    def model(self) -> str:
        return str(settings.OPENAI_MODEL)

    @property
    def document(self) -> str:
        return prompt.document(self.texts, self.context.question)

    @property
    def schema(self) -> dict[str, Any]:
        return schema([category.slug for category in prompt.in_order(self.context)])

    @property
    def temperature(self) -> float | Omit:
        return omit if settings.OPENAI_TEMPERATURE is None else float(settings.OPENAI_TEMPERATURE)

    @property
    def store(self) -> bool | Omit:
        return False if self._hosted else omit

    @property
    def safety_identifier(self) -> str | Omit:
        return self.context.sender if self._hosted and self.context.sender else omit

    @property
    def effort(self) -> ReasoningEffort | Omit:
        effort = settings.OPENAI_REASONING_EFFORT
        return cast("ReasoningEffort", effort) if self._hosted and effort != "default" else omit

    def cache_key(self, instructions: str) -> str | Omit:
        """The same for all requests that begin with the same instructions."""
        return hashlib.sha256(instructions.encode()).hexdigest()[:16] if self._hosted else omit

    @property
    def _hosted(self) -> bool:
        return is_openai(base_url())
