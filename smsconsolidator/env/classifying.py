"""Who says what a text means: rules, a model, or both."""

from typing import Literal

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import WebUrl


class Classifying(Group):
    classification_mode: Literal["rules", "llm_then_rules", "rules_then_llm", "shadow"] = Field(
        "llm_then_rules", examples=["llm_then_rules"]
    )
    classification_memory: bool = Field(False, examples=["true"])
    classification_review_sample: float = Field(0.02, ge=0, le=1, examples=["0.02"])
    openai_api_key: SecretStr = Field(SecretStr(""), examples=["sk-…"])
    openai_kind: Literal["chat", "responses", "decisions"] = Field("chat", examples=["chat"])
    openai_model: str = Field("gpt-5.6-luna", examples=["gpt-5.6-luna"])
    openai_base_url: WebUrl = Field("", examples=["http://localhost:11434/v1"])
    openai_timeout: float = Field(8, gt=0, le=20, examples=["8"])
    openai_deadline: float = Field(15, gt=0, le=30, examples=["15"])
    openai_breaker_failures: int = Field(5, ge=0, le=1000, examples=["5"])
    openai_breaker_seconds: float = Field(30, ge=1, le=600, examples=["30"])
    openai_temperature: float | None = Field(None, ge=0, le=2, examples=["0"])
    openai_reasoning_effort: Literal[
        "default", "none", "minimal", "low", "medium", "high", "xhigh", "max"
    ] = Field("none", examples=["low"])
    openai_mask: bool = Field(True, examples=["true"])
