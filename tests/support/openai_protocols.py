"""What OpenAI's three protocols look like on the wire, as tests/support/openai_server.py speaks them.

A model says something (`Said`); each protocol has its own document for it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CHAT, RESPONSES, DECISIONS = "/v1/chat/completions", "/v1/responses", "/v1/decisions"
PATHS = {"chat": CHAT, "responses": RESPONSES, "decisions": DECISIONS}
USAGE = {"input": 210, "output": 12}


@dataclass(frozen=True)
class Request:
    """What a client sent. Header names are in lower case; `client` is its address and port."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    client: tuple[str, int]

    @property
    def document(self) -> dict[str, Any]:
        """The user's message, which is a JSON document in each protocol."""
        messages = self.body["messages" if self.path == CHAT else "input"]
        document: dict[str, Any] = json.loads(messages[-1]["content"])
        return document

    @property
    def texts(self) -> list[str]:
        """The SMS texts in the prompt."""
        texts: list[str] = self.document["texts"]
        return texts

    @property
    def instructions(self) -> str:
        """What the model is told to do."""
        if self.path == CHAT:
            return str(self.body["messages"][0]["content"])
        if self.path == RESPONSES:
            return str(self.body["instructions"])
        return str(self.body["questions"][0]["instructions"])

    @property
    def labels(self) -> list[str]:
        """The labels that the model may choose from."""
        if self.path == DECISIONS:
            return [choice["value"] for choice in self.body["questions"][0]["choices"]]
        labels: list[str] = self.schema["$defs"]["Said"]["properties"]["label"]["enum"]
        return labels

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the answer, where the protocol has one."""
        if self.path == CHAT:
            schema: dict[str, Any] = self.body["response_format"]["json_schema"]["schema"]
        else:
            schema = self.body["text"]["format"]["schema"]
        return schema


@dataclass(frozen=True)
class Said:
    """What the model said: a text, or that it refuses, and why it ended (in the words of chat completions)."""

    content: str | None = None
    refusal: str | None = None
    ending: str = "stop"
    usage: dict[str, int] = field(default_factory=lambda: USAGE)


def document(said: Said, request: Request) -> dict[str, Any]:
    """The answer in the protocol of the request."""
    return {"model": f"{request.body['model']}-2026-01-01", **WRITERS[request.path](said)}


def _chat(said: Said) -> dict[str, Any]:
    message = {"role": "assistant", "content": said.content, "refusal": said.refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "choices": [{"index": 0, "message": message, "finish_reason": said.ending}],
        "usage": {
            "prompt_tokens": said.usage["input"],
            "completion_tokens": said.usage["output"],
            "total_tokens": sum(said.usage.values()),
        },
    }


def _response(said: Said) -> dict[str, Any]:
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    part: dict[str, Any] = {"type": "output_text", "text": said.content, "annotations": []}
    if said.refusal:
        part = {"type": "refusal", "refusal": said.refusal}
    message = {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    stopped = reasons.get(said.ending)
    return {
        "id": "resp-1",
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if stopped else "completed",
        "error": None,
        "incomplete_details": {"reason": stopped} if stopped else None,
        "output": [{"id": "rs-1", "type": "reasoning", "summary": []}, message],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": _usage(said),
    }


def _decision(said: Said) -> dict[str, Any]:
    """A choice: the first matter of a well-formed content, else whatever the content is."""
    choice = {
        "type": "choice",
        "name": "reply",
        "choice": _first_label(said.content),
        "confidence": 0.97,
        "probabilities": [],
    }
    refusal = {"type": "refusal", "name": "reply"}
    refused = said.refusal or said.ending == "content_filter"
    return {"answers": [refusal if refused else choice], "usage": _usage(said)}


def _usage(said: Said) -> dict[str, Any]:
    return {
        "input_tokens": said.usage["input"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": said.usage["output"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sum(said.usage.values()),
    }


def _first_label(content: str | None) -> Any:
    try:
        answer = json.loads(content or "")
        return answer["matters"][0]["label"] if set(answer) == {"matters"} else content
    except (ValueError, TypeError, KeyError, IndexError):
        return content


WRITERS: dict[str, Callable[[Said], dict[str, Any]]] = {
    CHAT: _chat,
    RESPONSES: _response,
    DECISIONS: _decision,
}
