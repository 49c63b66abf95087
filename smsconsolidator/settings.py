"""Django's settings. Operators give values in the environment (see env.py); nothing here is a secret."""

from datetime import timedelta
from math import ceil
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static

from smsconsolidator import __version__, telemetry
from smsconsolidator.databases import DEFAULT, REPORTS, databases
from smsconsolidator.env import BASE_DIR, load, mail_server, public_address

ENV = load()
telemetry.refuse_missing(ENV)

# --- the web site -----------------------------------------------------------------------------------------
SECRET_KEY = ENV.django_secret_key.get_secret_value()
CREDENTIALS_KEYS = ENV.as_list("credentials_keys")
DEBUG = ENV.django_debug
ALLOWED_HOSTS = ENV.as_list("allowed_hosts")
HOST = ENV.host
CSRF_TRUSTED_ORIGINS = ENV.as_list("csrf_trusted_origins")
TRUSTED_PROXIES = ENV.as_list("trusted_proxies")
HOST = ENV.host
SITE_URL = public_address(ENV)
METRICS_TOKEN = ENV.metrics_token.get_secret_value()
ROOT_URLCONF = "smsconsolidator.urls"
WSGI_APPLICATION = "smsconsolidator.wsgi.application"
APPEND_SLASH = False
DEFAULT_EXCEPTION_REPORTER = "smsconsolidator.reports.Reporter"
LOGIN_REDIRECT_URL = "admin:index"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.webhook_max_bytes

SECURE_SSL_REDIRECT = ENV.https
if ENV.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked by machines behind the proxy
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # Browsers take a name with this prefix from HTTPS and this very host alone, not from a neighbour's subdomain.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

INSTALLED_APPS = [
    "smsconsolidator.apps.ProjectConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "knox",
    "simple_history",
    "batches",
    "classification",
    "replies",
]

MIDDLEWARE = [
    "smsconsolidator.metrics.WebhookTimer",
    "django.middleware.security.SecurityMiddleware",
    "smsconsolidator.middleware.PolicyMiddleware",
    "smsconsolidator.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "smsconsolidator.middleware.AuthenticationMiddleware",
    "smsconsolidator.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "smsconsolidator" / "templates"],  # before the theme's own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "smsconsolidator.context.version",
            ]
        },
    }
]

# --- who may come in --------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]

# A log-in ends with the browser, or after an hour without a click.
SESSION_COOKIE_AGE = 3600
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would log out whoever follows a link to a batch from a mail
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"

# Guessing (django-axes): one name from one address is locked, so that nobody locks others out, nor a whole office.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else a robot keeps a person locked out for ever
AXES_CLIENT_IP_CALLABLE = "batches.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "batches.admin.lockouts.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # a row for every log-in, for ever; the log has a line for it
AXES_ENABLE_ADMIN = False  # its pages are not in the theme's look: see batches/admin/lockouts.py
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "csrfmiddlewaretoken"]  # many a password is typed as a name

# --- what a browser may do with the admin's pages ---------------------------------------------------------
# docs/security.md tells how each allowance was found. Static files come from the same address.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, UNSAFE_EVAL],  # the theme's Alpine.js makes functions of its pages' attributes
        "style-src": [
            SELF,
            UNSAFE_INLINE,
        ],  # the theme's colours (<style>), htmx's indicator, widths (style="…")
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],  # the theme's search box (Ctrl-K)
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# Tokens of programs (batches/senders_api.py) are stored as hashes; how long one is valid is said when it is made.
# What begins so is hidden by batches/tokens.py.
REST_KNOX = {"TOKEN_TTL": None, "TOKEN_PREFIX": "api_"}  # nosec B105
API_REQUESTS_PER_MINUTE = ENV.api_requests_per_minute

# The API's description (/api/schema/) and the page that shows it (/api/docs/), whose files come with us.
SPECTACULAR_SETTINGS = {
    "TITLE": "smsconsolidator",
    "DESCRIPTION": "Takes in SMS, makes one conversation of what a sender writes within a window, and answers it once.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [
        f"smsconsolidator.api.{hook}" for hook in ("without_slashes", "with_bodies_required", "with_health")
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None},  # asks no other server what it thinks of the description
}

UNFOLD = {
    "SITE_TITLE": "smsconsolidator",
    "SITE_HEADER": "smsconsolidator",
    "SITE_SYMBOL": "forum",
    "STYLES": [lambda _request: static("batches/banner.css")],
    "SIDEBAR": {"navigation": "batches.admin.sidebar.navigation"},
}


# --- the database -----------------------------------------------------------------------------------------
DATABASES = databases(ENV)
# Where reports and replays read: Django's name of it.
REPORT_DATABASE = REPORTS if REPORTS in DATABASES else DEFAULT

# --- the queue (django-q2) --------------------------------------------------------------------------------
# Call time-out < task time-out < lease < retry, in seconds. The reaper repeats lost work, not the broker.
TASK_TIMEOUT = 45
SWEEP_DURATION = 110


def _retry(workers: int, queue_limit: int, bulk: int, timeout: int) -> int:
    """How long a task may wait and run (seconds) before the broker may hand it out again."""
    return (ceil((queue_limit + bulk) / workers) + 1) * (timeout + 3) + 16


Q_CLUSTER: dict[str, Any] = {
    "name": "sms",
    "workers": ENV.workers,
    "queue_limit": ENV.workers,
    "bulk": ENV.workers,
    "poll": 0.1,
    "timeout": TASK_TIMEOUT,
    "retry": _retry(ENV.workers, ENV.workers, ENV.workers, TASK_TIMEOUT),
    "ack_failures": True,
    "max_attempts": 1,
    "guard_cycle": 0.5,  # 0.1 and 0.7 switch the hard kill off: the timer is compared after float subtraction
    "catch_up": False,
    "recycle": 5000,
    "max_rss": 300_000,
    "save_limit": -1,  # the batches' own events are the record
    "label": "Queue",
    "ALT_CLUSTERS": {
        "sweep": {
            "workers": 2,
            "queue_limit": 1,
            "bulk": 1,
            "timeout": SWEEP_DURATION + 15,
            "retry": _retry(2, 1, 1, SWEEP_DURATION + 15),
        }
    },
}
if ENV.redis_url.get_secret_value():
    Q_CLUSTER["redis"] = ENV.redis_url_with_patience()
else:
    Q_CLUSTER |= {"orm": "default", "broker_class": "batches.broker.Broker"}

# --- how long what people wrote is kept -------------------------------------------------------------------
MESSAGE_KEEP_DAYS = ENV.message_keep_days  # 0: for ever
TASKS_KEEP_DAYS = ENV.tasks_keep_days
ERASURE_KEY = ENV.erasure_key.get_secret_value() or f"erasure {SECRET_KEY}"

# --- receiving and batching -------------------------------------------------------------------------------
CONSOLIDATION_WINDOW = ENV.consolidation_window
DEFAULT_REGION = ENV.default_region
PROVIDER_TIME_ZONE = ENV.provider_time_zone
WEBHOOK_MAX_BYTES = ENV.webhook_max_bytes
WEBHOOK_MAX_MESSAGES = ENV.webhook_max_messages
WEBHOOK_TOKEN = ENV.webhook_token.get_secret_value()
WEBHOOK_OPEN = ENV.webhook_open
WEBHOOK_FAILURES_PER_MINUTE = ENV.webhook_failures_per_minute
INGEST_SENDER_PER_MINUTE = ENV.ingest_sender_per_minute
INGEST_CHANNEL_PER_MINUTE = ENV.ingest_channel_per_minute
REJECTED_KEEP_ROWS = ENV.rejected_keep_rows
REJECTED_KEEP_DAYS = ENV.rejected_keep_days
SPOOL_PATH = BASE_DIR / ENV.spool_path
SPOOL_MAX_BYTES = ENV.spool_max_bytes
SPOOL_MAX_MESSAGES = ENV.spool_max_messages
BATCH_LEASE_SECONDS = ENV.batch_lease_seconds
BATCH_MAX_ATTEMPTS = ENV.batch_max_attempts
ADAPTIVE_WINDOW = ENV.adaptive_window
ADAPTIVE_QUIET = ENV.adaptive_quiet_seconds

# --- classifying ------------------------------------------------------------------------------------------
CLASSIFICATION_MODE = ENV.classification_mode
CLASSIFICATION_MEMORY = ENV.classification_memory
CLASSIFICATION_REVIEW_SAMPLE = ENV.classification_review_sample
OPENAI_API_KEY = ENV.openai_api_key.get_secret_value()
OPENAI_KIND = ENV.openai_kind
OPENAI_MODEL = ENV.openai_model
OPENAI_BASE_URL = ENV.openai_base_url
OPENAI_TIMEOUT = ENV.openai_timeout
OPENAI_DEADLINE = ENV.openai_deadline
OPENAI_BREAKER_FAILURES = ENV.openai_breaker_failures
OPENAI_BREAKER_SECONDS = ENV.openai_breaker_seconds
OPENAI_TEMPERATURE = ENV.openai_temperature
OPENAI_REASONING_EFFORT = ENV.openai_reasoning_effort
OPENAI_MASK = ENV.openai_mask

# --- replying ---------------------------------------------------------------------------------------------
SMS_AUTO_REPLY_ENABLED = ENV.sms_auto_reply_enabled
SMS_AUTO_REPLY_TEXT = ENV.sms_auto_reply_text
OPT_OUT_SCOPE = ENV.opt_out_scope
OPT_OUT_TEXT = ENV.opt_out_text
OPT_IN_TEXT = ENV.opt_in_text
HELP_TEXT = ENV.help_text
SMS_MAX_SEGMENTS = ENV.sms_max_segments
SMS_SEGMENT_PRICE = ENV.sms_segment_price
SMS_CURRENCY = ENV.sms_currency
SMS_MOBILE_API_KEY = ENV.sms_mobile_api_key.get_secret_value()
SMS_MOBILE_API_URL = ENV.sms_mobile_api_url
SMS_TIMEOUT = ENV.sms_timeout
SMS_GATE_URL = ENV.sms_gate_url
SMS_GATE_USER = ENV.sms_gate_user
SMS_GATE_PASSWORD = ENV.sms_gate_password.get_secret_value()
SMS_GATE_DEVICE_ID = ENV.sms_gate_device_id
SMS_SENDS_PER_MINUTE = ENV.sms_sends_per_minute
REPLY_EXPIRES_AFTER = ENV.reply_expires_minutes * 60  # seconds
STALE_AFTER = ENV.stale_after_minutes * 60  # seconds
STALE_POLICY = ENV.stale_policy
QUIET_POLICY = ENV.quiet_policy
QUIET_FROM = ENV.quiet_from
QUIET_UNTIL = ENV.quiet_until
SENDER_REPLIES_PER_MINUTE = ENV.sender_replies_per_minute
SENDER_REPLIES_PER_HOUR = ENV.sender_replies_per_hour
SENDER_REPLIES_PER_DAY = ENV.sender_replies_per_day
REPEATED_TEXTS = ENV.repeated_texts
MUTE_HOURS = ENV.mute_hours
BREAKER_REPLIES_PER_MINUTE = ENV.breaker_replies_per_minute
AUTOMATIC_PHRASES = ENV.as_list("automatic_phrases")
SUPERSEDE_UNSENT = ENV.supersede_unsent
FOLLOW_UP_WITHIN = ENV.follow_up_minutes * 60  # seconds
FOLLOW_UP_UNCHANGED = ENV.follow_up_unchanged
# As in the original, a key is all that it takes to send; without one, replies are printed.
SMS_SENDER = ENV.sms_sender or ("smsmobileapi" if SMS_MOBILE_API_KEY else "console")

# --- the daily report -------------------------------------------------------------------------------------
REPORT_EMAIL_TO = ENV.as_list("report_email_to")
REPORT_EMAIL_AT = ENV.report_email_at
REPORT_TIME_ZONE = ENV.report_time_zone or PROVIDER_TIME_ZONE
EMAIL_TIMEOUT = 10  # seconds, for each step of the conversation with the mail server
MAIL = mail_server(ENV)
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starttls, MAIL.tls
DEFAULT_FROM_EMAIL = MAIL.sender

# --- logs -------------------------------------------------------------------------------------------------
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
