"""What log lines look like."""

from typing import Any

from smsconsolidator.settings.given import ENV

# Libraries that quote requests, keys or SQL parameters at lower levels.
QUIET_LOGGERS = ("asyncio", "axes", "django-q", "httpcore2", "httpx2", "openai", "urllib3")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": f"smsconsolidator.logs.{'JsonFormatter' if ENV.log_format == 'json' else 'TextFormatter'}",
            "mask": ENV.log_mask,
            "secrets": ENV.secrets(),
        }
    },
    "handlers": {
        "stdout": {
            "class": "smsconsolidator.logs.LineHandler",
            "stream": "ext://sys.stdout",
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stdout"], "level": ENV.log_level},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        **{name: {"level": "WARNING"} for name in QUIET_LOGGERS},
        # Each try of each process, every few seconds while the collector is away; the last one's ERROR is enough.
        "opentelemetry": {"level": "ERROR"},
        # Scanners ask for other hosts all day: no ERROR, no traceback for each. smsconsolidator/hosts.py tells of them.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
