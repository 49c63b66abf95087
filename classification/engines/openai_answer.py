"""What a model may answer: the schema on the wire, and the checks here, for not every server enforces it."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from classification.engines.base import EngineError, Matter
from classification.engines.openai_prompt import MAX_MATTERS
from classification.engines.rules.document import Document

MAX_ABOUT = 200
# As models are called: gpt-5.6-luna-2026-01-01, meta-llama/Llama-3.3-70B, llama3.2:3b.
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}", re.ASCII)


class Said(BaseModel):
    """One matter in the model's words: a category's slug, and the person's words that say so."""

    model_config = ConfigDict(extra="forbid")

    label: str
    about: str


class Answer(BaseModel):
    """All matters, the one to be answered first."""

    model_config = ConfigDict(extra="forbid")

    matters: list[Said] = Field(min_length=1, max_length=MAX_MATTERS)


def schema(slugs: Sequence[str]) -> dict[str, Any]:
    """The strict JSON schema of an Answer whose labels are the `slugs`.

    As https://platform.openai.com/docs/guides/structured-outputs wants it: all fields required, no others.
    """
    document = Answer.model_json_schema()
    document["$defs"]["Said"]["properties"]["label"]["enum"] = list(slugs)
    return document


def matters(answer: Answer, live: Document, texts: Sequence[str]) -> tuple[Matter, ...]:
    """Each label once, with the words of `texts` that it stands on; by priority, then as the model has them.

    Raises EngineError (invalid_answer) for a label that is no live category.
    """
    found = dict[str, tuple[int, Matter]]()
    for said in answer.matters:
        category = live.category(said.label)
        if category is None:
            raise EngineError("invalid_answer", "The model's label is no live category.")
        matter = Matter(said.label, _quoted(said.about, texts))
        found.setdefault(said.label, (category.priority, matter))
    return tuple(matter for _, matter in sorted(found.values(), key=lambda ranked: ranked[0]))


def _quoted(about: str, texts: Sequence[str]) -> str:
    """`about` if the person wrote it, else nothing: what a model writes itself is not kept."""
    quote = " ".join(about.split())
    written = " ".join(" ".join(texts).split())
    return quote[:MAX_ABOUT] if quote.casefold() in written.casefold() else ""
