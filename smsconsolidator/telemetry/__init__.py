"""Errors to Sentry and traces to OpenTelemetry, where their settings are given; else nothing of them is imported.

Started in every process. Both keep a thread of their own for sending and start it anew after a fork, so the workers of
a cluster report as well as its main process.
"""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from smsconsolidator.env import Environment

PACKAGES = {"sentry_dsn": "sentry_sdk", "otel_exporter_otlp_endpoint": "opentelemetry"}
INSTALL = "make release WATCH=1 (or make run WATCH=1) installs requirements-watch.txt"


def refuse_missing(env: Environment) -> None:
    """Raise ImproperlyConfigured when a setting needs a package that is not installed."""
    missing = [
        name.upper() for name, package in PACKAGES.items() if _given(env, name) and not find_spec(package)
    ]
    if missing:
        raise ImproperlyConfigured(
            f"{' and '.join(missing)}: the packages for it are not installed: {INSTALL}"
        )


def start(env: Environment) -> None:
    """Begin to report, as far as it is set up."""
    if _given(env, "sentry_dsn"):
        from smsconsolidator.telemetry import sentry

        sentry.start(env)
    if _given(env, "otel_exporter_otlp_endpoint"):
        from smsconsolidator.telemetry import tracing

        tracing.start(env)


def _given(env: Environment, name: str) -> bool:
    value = getattr(env, name)
    return bool(value if isinstance(value, str) else value.get_secret_value())
