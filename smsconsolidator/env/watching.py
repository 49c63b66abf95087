"""Who else is told of errors and traces (requirements-watch.txt)."""

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import WebUrl


class Watching(Group):
    sentry_dsn: SecretStr = Field(SecretStr(""), examples=["https://key@sentry.example.org/1"])
    sentry_environment: str = Field("production", pattern=r"^[^\s/]{1,64}$", examples=["production"])
    otel_exporter_otlp_endpoint: WebUrl = Field("", examples=["http://localhost:4318"])
    otel_exporter_otlp_headers: SecretStr = Field(SecretStr(""), examples=["authorization=Bearer%20…"])
    otel_service_name: str = Field("smsconsolidator", min_length=1, examples=["smsconsolidator"])
    otel_traces_sampler_arg: float = Field(1, ge=0, le=1, examples=["0.1"])
