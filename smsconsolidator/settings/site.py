"""The web site: where it is reached, how, and in which language and time."""

from smsconsolidator.env import BASE_DIR, public_address
from smsconsolidator.settings.given import ENV

SECRET_KEY = ENV.django_secret_key.get_secret_value()
CREDENTIALS_KEYS = ENV.as_list("credentials_keys")
DEBUG = ENV.django_debug
ALLOWED_HOSTS = ENV.as_list("allowed_hosts")
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
