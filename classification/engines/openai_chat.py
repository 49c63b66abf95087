"""Chat completions: the protocol that every OpenAI-compatible server speaks (Ollama, vLLM, LiteLLM, Azure)."""

from typing import TYPE_CHECKING

from classification.engines.base import EngineError
from classification.engines.openai_answer import Answer
from classification.engines.openai_prompt import for_matters
from classification.engines.openai_request import MAX_OUTPUT_TOKENS, Request

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion


def ask(client: "OpenAI", request: Request) -> "ChatCompletion":
    """Instructions in the system message alone, the texts in the user's."""
    instructions = for_matters(request.context)
    return client.chat.completions.create(
        model=request.model,
        messages=[
            {"role": "system", "content": instructions},
            {"role": "user", "content": request.document},
        ],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": request.schema},
        },
        max_completion_tokens=MAX_OUTPUT_TOKENS,
        temperature=request.temperature,
        reasoning_effort=request.effort,
        store=request.store,
        safety_identifier=request.safety_identifier,
        prompt_cache_key=request.cache_key(instructions),
    )


def read(completion: "ChatCompletion") -> tuple[Answer, None]:
    """The answer; this protocol gives no confidence.

    Raises EngineError when there is none, and whatever breaks first when the shape is wrong.
    """
    choice = completion.choices[0]
    if choice.finish_reason == "length":
        raise EngineError("truncated", "The model ran out of tokens.")
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise EngineError("refused", "The model or its content filter refused.")
    return Answer.model_validate_json(choice.message.content or ""), None
