"""Traces to OpenTelemetry (OTLP over HTTP), through its own instrumentation of Django and of requests.

A request is one span, a batch's processing another, with the call to the provider in it. Before they leave, spans lose
what may name somebody: addresses of clients, the token in a webhook's path, an exception's own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django_q.signals import post_execute_in_worker, pre_execute
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Status
from opentelemetry.util.re import parse_env_headers
from opentelemetry.util.types import AttributeValue

from batches.queue import PROCESS
from smsconsolidator import __version__
from smsconsolidator.env import Environment
from smsconsolidator.telemetry.scrubbing import scrub

# Who asked, with what; and what an exception says, which may quote a message.
LEFT_OUT = (
    "client.", "net.peer.", "network.peer.", "http.client_ip", "user_agent", "http.user_agent", "http.request.header",
    "exception.message", "exception.stacktrace", "url.query",
)  # fmt: skip
PROBES = "healthz,readyz,metrics"

Attributes = Mapping[str, AttributeValue]


class Nothing(TextMapPropagator):
    """Strangers' headers begin no trace, and providers get none of ours."""

    def extract(self, carrier: Any, context: Context | None = None, getter: Any = None) -> Context:  # noqa: ARG002
        return context or Context()

    def inject(self, carrier: Any, context: Context | None = None, setter: Any = None) -> None:
        """Nothing is passed on."""

    @property
    def fields(self) -> set[str]:
        return set()


class Scrubbing(SpanExporter):
    """Passes spans on to `inner` without what may name somebody."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([harmless(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def start(env: Environment) -> None:
    """Trace requests, processed batches and calls to the provider."""
    resource = Resource.create({"service.name": env.otel_service_name, "service.version": __version__})
    provider = TracerProvider(resource=resource, sampler=ParentBasedTraceIdRatio(env.otel_traces_sampler_arg))
    provider.add_span_processor(BatchSpanProcessor(Scrubbing(_exporter(env))))
    trace.set_tracer_provider(provider)
    set_global_textmap(Nothing())
    DjangoInstrumentor().instrument(excluded_urls=PROBES)
    RequestsInstrumentor().instrument()
    pre_execute.connect(_begin, dispatch_uid=__name__)
    post_execute_in_worker.connect(_end, dispatch_uid=__name__)


def harmless(span: ReadableSpan) -> ReadableSpan:
    """The span without what may name somebody."""
    return ReadableSpan(
        name=scrub(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes or {}),
        events=[Event(event.name, _kept(event.attributes or {}), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),  # its description is the exception's own words
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Attributes) -> dict[str, AttributeValue]:
    return {
        name: scrub(value) if isinstance(value, str) else value
        for name, value in attributes.items()
        if not name.startswith(LEFT_OUT)
    }


def _exporter(env: Environment) -> SpanExporter:
    headers = parse_env_headers(env.otel_exporter_otlp_headers.get_secret_value(), liberal=True)
    endpoint = f"{env.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
    return OTLPSpanExporter(endpoint=endpoint, headers=headers)


# --- a batch's processing is a span: django-q2 tells when it begins and ends ------------------------------------
_running: dict[str, trace.Span] = {}
_contexts: dict[str, Any] = {}


def _begin(task: Mapping[str, Any], **_kwargs: Any) -> None:
    if task.get("func") != PROCESS:
        return  # a sweep runs for minutes and sleeps most of them
    span = trace.get_tracer(__name__).start_span(
        "process_batch", attributes={"batch.id": int(task["args"][0])}
    )
    _running[task["id"]] = span
    _contexts[task["id"]] = context.attach(trace.set_span_in_context(span))


def _end(task: Mapping[str, Any], **_kwargs: Any) -> None:
    if span := _running.pop(task["id"], None):
        context.detach(_contexts.pop(task["id"]))
        span.end()
