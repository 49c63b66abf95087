"""Django's settings. Operators give values in the environment (see env.py); nothing here is a secret."""

from math import ceil
from typing import Any

import dj_database_url

from smsconsolidator import __version__
from smsconsolidator.env import BASE_DIR, load

ENV = load()

# --- the web site -----------------------------------------------------------------------------------------
SECRET_KEY = ENV.django_secret_key.get_secret_value()
DEBUG = ENV.django_debug
ALLOWED_HOSTS = ENV.as_list("allowed_hosts")
CSRF_TRUSTED_ORIGINS = ENV.as_list("csrf_trusted_origins")
ROOT_URLCONF = "smsconsolidator.urls"
WSGI_APPLICATION = "smsconsolidator.wsgi.application"
APPEND_SLASH = False
LOGIN_REDIRECT_URL = "admin:index"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.webhook_max_bytes

if ENV.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by machines behind the proxy
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_q",
    "batches",
    "classification",
    "replies",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}

UNFOLD = {
    "SITE_TITLE": "smsconsolidator",
    "SITE_HEADER": "smsconsolidator",
    "SITE_SYMBOL": "forum",
    "SIDEBAR": {"navigation": "batches.admin.sidebar.navigation"},
}


# --- the database -----------------------------------------------------------------------------------------
def _database() -> dict[str, Any]:
    config: dict[str, Any] = dict(dj_database_url.parse(ENV.database_url.get_secret_value()))
    if "sqlite" in config["ENGINE"]:
        if config["NAME"] != ":memory:":
            config["NAME"] = BASE_DIR / config["NAME"]
        # One writer at a time: wait for it (seconds) instead of failing half-way through a transaction.
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        config["CONN_MAX_AGE"] = None
    else:
        config["CONN_MAX_AGE"] = 600
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {"connect_timeout": 5, **config.get("OPTIONS", {})}
    return config


DATABASES = {"default": _database()}

# --- the queue (django-q2) --------------------------------------------------------------------------------
# Call time-out < task time-out < lease < retry, in seconds. The reaper repeats lost work, not the broker.
TASK_TIMEOUT = 45
SWEEP_DURATION = 110


def _retry(workers: int, queue_limit: int, timeout: int) -> int:
    """How long a task may wait and run (seconds) before the broker may hand it out again."""
    return (ceil((queue_limit + 1) / workers) + 1) * (timeout + 3) + 16


Q_CLUSTER: dict[str, Any] = {
    "name": "sms",
    "workers": ENV.workers,
    "queue_limit": ENV.workers,
    "bulk": 1,
    "poll": 0.1,
    "timeout": TASK_TIMEOUT,
    "retry": _retry(ENV.workers, ENV.workers, TASK_TIMEOUT),
    "ack_failures": True,
    "max_attempts": 1,
    "guard_cycle": 0.5,  # 0.1 and 0.7 switch the hard kill off: the timer is compared after float subtraction
    "catch_up": False,
    "recycle": 500,
    "max_rss": 300_000,
    "save_limit": -1,  # the batches' own events are the record
    "label": "Queue",
    "ALT_CLUSTERS": {
        "sweep": {
            "workers": 2,
            "queue_limit": 1,
            "timeout": SWEEP_DURATION + 15,
            "retry": _retry(2, 1, SWEEP_DURATION + 15),
        }
    },
}
if ENV.redis_url.get_secret_value():
    Q_CLUSTER["redis"] = ENV.redis_url.get_secret_value()
else:
    Q_CLUSTER["orm"] = "default"

# --- receiving and batching -------------------------------------------------------------------------------
CONSOLIDATION_WINDOW = ENV.consolidation_window
DEFAULT_REGION = ENV.default_region
PROVIDER_TIME_ZONE = ENV.provider_time_zone
WEBHOOK_MAX_BYTES = ENV.webhook_max_bytes
WEBHOOK_MAX_MESSAGES = ENV.webhook_max_messages
REJECTED_KEEP_ROWS = ENV.rejected_keep_rows
REJECTED_KEEP_DAYS = ENV.rejected_keep_days
BATCH_LEASE_SECONDS = ENV.batch_lease_seconds
BATCH_MAX_ATTEMPTS = ENV.batch_max_attempts

# --- classifying ------------------------------------------------------------------------------------------
CLASSIFICATION_ENGINES = ENV.as_list("classification_engines")
OPENAI_API_KEY = ENV.openai_api_key.get_secret_value()
OPENAI_MODEL = ENV.openai_model
OPENAI_BASE_URL = ENV.openai_base_url
OPENAI_TIMEOUT = ENV.openai_timeout
OPENAI_TEMPERATURE = ENV.openai_temperature

# --- replying ---------------------------------------------------------------------------------------------
SMS_AUTO_REPLY_ENABLED = ENV.sms_auto_reply_enabled
SMS_AUTO_REPLY_TEXT = ENV.sms_auto_reply_text
SMS_MOBILE_API_KEY = ENV.sms_mobile_api_key.get_secret_value()
SMS_MOBILE_API_URL = ENV.sms_mobile_api_url
SMS_TIMEOUT = ENV.sms_timeout
# As in the original, a key is all that it takes to send; without one, replies are printed.
SMS_SENDER = ENV.sms_sender or ("smsmobileapi" if SMS_MOBILE_API_KEY else "console")

# --- logs -------------------------------------------------------------------------------------------------
# Libraries that quote requests, keys or SQL parameters at lower levels.
QUIET_LOGGERS = ("asyncio", "django-q", "httpcore2", "httpx2", "openai", "urllib3")
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
        "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
    },
    "root": {"handlers": ["stdout"], "level": ENV.log_level},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        **{name: {"level": "WARNING"} for name in QUIET_LOGGERS},
        # Scanners ask for other hosts all day: no ERROR, no traceback. They are answered with 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
VERSION = __version__
