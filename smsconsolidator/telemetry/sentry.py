"""Errors to Sentry, through its own package and its integration for Django.

An event is built anew from what is known to be harmless: where it happened, in which code, of what kind. An exception's
own words are left out, for they quote what was being worked on (PostgreSQL quotes whole rows), and so are local
variables, requests' headers and bodies, and the lines logged before. Of a log line its template goes, without values.
"""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration

from smsconsolidator import __version__
from smsconsolidator.env import Environment
from smsconsolidator.telemetry.scrubbing import scrub

KEPT = (
    "event_id", "timestamp", "platform", "level", "logger", "release", "environment", "server_name", "transaction",
    "transaction_info", "sdk", "modules",
)  # fmt: skip
KEPT_OF_FRAME = (
    "filename", "abs_path", "function", "module", "lineno", "pre_context", "context_line", "post_context", "in_app",
)  # fmt: skip
KEPT_CONTEXTS = ("runtime", "os", "trace")

Event = dict[str, Any]  # the package's own type is closed, and read here without its help


def start(env: Environment) -> None:
    """Report what is logged as ERROR and what nobody caught."""
    sentry_sdk.init(
        dsn=env.sentry_dsn.get_secret_value(),
        environment=env.sentry_environment,
        release=f"smsconsolidator@{__version__}",
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(middleware_spans=False, signals_spans=False)],
        auto_session_tracking=False,
        trace_propagation_targets=[],  # providers and models get no headers of ours
        before_send=without_persons,  # type: ignore[arg-type]
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        send_default_pii=False,
    )


def without_persons(event: Event, _hint: Mapping[str, Any] | None = None) -> Event:
    """The event with nothing but what is known to be harmless."""
    kept: Event = {name: event[name] for name in KEPT if name in event}
    if "transaction" in kept:
        kept["transaction"] = scrub(str(kept["transaction"]))
    if message := (event.get("logentry") or {}).get("message"):
        kept["logentry"] = {"message": scrub(str(message))}  # the template: %(sender)s stays so
    if thrown := (event.get("exception") or {}).get("values"):
        kept["exception"] = {"values": [_exception(one) for one in thrown]}
    if request := event.get("request"):
        kept["request"] = {"method": request.get("method"), "url": scrub(str(request.get("url", "")))}
    contexts = event.get("contexts") or {}
    kept["contexts"] = {name: contexts[name] for name in KEPT_CONTEXTS if name in contexts}
    return kept


def _exception(one: Mapping[str, Any]) -> Event:
    frames = (one.get("stacktrace") or {}).get("frames") or []
    return {
        "type": one.get("type"),
        "module": one.get("module"),
        "value": "(left out: it may quote a message)",
        "stacktrace": {
            "frames": [{name: frame[name] for name in KEPT_OF_FRAME if name in frame} for frame in frames]
        },
    }
