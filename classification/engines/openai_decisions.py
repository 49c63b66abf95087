"""Decisions: OpenAI's protocol for choosing among labels. It gives a probability, and no text that could be misread.

Only OpenAI has it. It chooses one label, so a conversation's further matters stay unnamed.
"""

from typing import TYPE_CHECKING

from classification.engines.base import EngineError
from classification.engines.openai_answer import Answer, Said
from classification.engines.openai_prompt import described, for_one_label, in_order
from classification.engines.openai_request import Request

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import Decision


def ask(client: "OpenAI", request: Request) -> "Decision":
    """One question, whose choices are the categories; the texts are the input."""
    instructions = for_one_label(request.context)
    categories = in_order(request.context)
    return client.decisions.create(
        model=request.model,
        input=[{"role": "user", "content": request.document}],
        questions=[
            {
                "type": "choice",
                "name": "reply",
                "instructions": instructions,
                "choices": [{"value": one.slug, "description": described(one)} for one in categories],
            }
        ],
        safety_identifier=request.safety_identifier,
        prompt_cache_key=request.cache_key(instructions),
    )


def read(decision: "Decision") -> tuple[Answer, float | None]:
    """The answer and its probability, if that is one.

    Raises EngineError when there is none, and whatever breaks first when the shape is wrong.
    """
    answer = decision.answers[0]
    if answer.type == "refusal":
        raise EngineError("refused", "The model refused.")
    if answer.type != "choice":
        raise EngineError("invalid_answer", "The answer is no choice.")
    confidence = answer.confidence
    known = isinstance(confidence, float | int) and 0 <= confidence <= 1
    said = Said.model_validate({"label": answer.choice, "about": ""})
    return Answer(matters=[said]), float(confidence) if known else None
