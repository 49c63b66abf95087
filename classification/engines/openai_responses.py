"""Responses: OpenAI's own newer protocol."""

from typing import TYPE_CHECKING

from openai import Omit, omit

from classification.engines.base import EngineError
from classification.engines.openai_answer import Answer
from classification.engines.openai_prompt import for_matters
from classification.engines.openai_request import MAX_OUTPUT_TOKENS, Request

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import Response

# What a response's own error means; any other is about this one request.
FAILURES = {"server_error": "server_error", "rate_limit_exceeded": "rate_limit"}


def ask(client: "OpenAI", request: Request) -> "Response":
    """Instructions apart from the input, which is the texts alone."""
    instructions = for_matters(request.context)
    return client.responses.create(
        model=request.model,
        instructions=instructions,
        input=[{"role": "user", "content": request.document}],
        text={"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": request.schema}},
        max_output_tokens=MAX_OUTPUT_TOKENS,
        temperature=request.temperature,
        reasoning=omit if isinstance(request.effort, Omit) else {"effort": request.effort},
        store=request.store,
        safety_identifier=request.safety_identifier,
        prompt_cache_key=request.cache_key(instructions),
    )


def read(response: "Response") -> tuple[Answer, None]:
    """The answer; this protocol gives no confidence.

    Raises EngineError when there is none, and whatever breaks first when the shape is wrong.
    """
    if response.error:
        raise EngineError(FAILURES.get(response.error.code, "bad_request"), "The response failed.")
    stopped = response.incomplete_details and response.incomplete_details.reason
    if stopped == "content_filter" or _refusals(response):
        raise EngineError("refused", "The model or its content filter refused.")
    if stopped or response.status == "incomplete":
        raise EngineError("truncated", "The model ran out of tokens.")
    return Answer.model_validate_json(response.output_text), None


def _refusals(response: "Response") -> bool:
    messages = [item for item in response.output if item.type == "message"]
    return any(part.type == "refusal" for message in messages for part in message.content)
