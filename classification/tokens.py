"""How many tokens a call to the model takes: as it was recorded, else estimated. No network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Avg, Max

from classification.engines import openai_prompt as prompt
from classification.engines.base import Context
from classification.engines.openai_answer import schema
from classification.models import Classification
from classification.rulesets.live import Live

# A token is about four characters of English (OpenAI's own rule of thumb); Filipino takes somewhat more.
CHARACTERS_PER_TOKEN = 4
# What an answer takes: {"matters": [{"label": "agree", "about": "sige po"}]}, with room for reasoning switched off.
ANSWER = 30
# So many recorded calls make an average; the newest count.
ENOUGH, NEWEST = 20, 1000
# Among so many of the newest verdicts they are looked for: a model that was seldom asked would have all be read.
LOOKED_AT = 100_000


@dataclass(frozen=True)
class Tokens:
    """Of one call."""

    received: float
    written: float


class Counter:
    """Counts a call's tokens. `recorded`: by the average of the calls to this model so far, which were billed.

    An average holds whatever one call reads, a text or a burst: nearly all of a prompt is the instructions.
    """

    def __init__(self, rules: Live, database: str = DEFAULT_DB_ALIAS) -> None:
        self._context = Context(rules)
        self._average = _recorded(settings.OPENAI_MODEL, database)
        self._fixed = len(prompt.for_matters(self._context)) + len(json.dumps(self._schema()))

    @property
    def recorded(self) -> bool:
        return self._average is not None

    def call(self, texts: Sequence[str], question: str) -> Tokens:
        """What asking about these texts takes."""
        if self._average:
            return self._average
        document = prompt.document(prompt.sent_texts(texts), question)
        return Tokens((self._fixed + len(document)) / CHARACTERS_PER_TOKEN, ANSWER)

    def _schema(self) -> object:
        return schema([category.slug for category in self._context.live.document.categories])


def _recorded(model: str, database: str) -> Tokens | None:
    """The average of the newest calls, failed and repeated ones included; None when there are too few."""
    rows = Classification.objects.using(database)
    last = rows.aggregate(Max("id"))["id__max"] or 0
    calls = rows.filter(id__gt=last - LOOKED_AT, model__startswith=model, input_tokens__gt=0)
    newest = list(calls.order_by("-id").values_list("id", flat=True)[:NEWEST])
    if len(newest) < ENOUGH:
        return None
    average = rows.filter(id__in=newest).aggregate(Avg("input_tokens"), Avg("output_tokens"))
    return Tokens(average["input_tokens__avg"], average["output_tokens__avg"] or 0)
