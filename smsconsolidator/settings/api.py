"""The API of programs, and its description."""

from smsconsolidator import __version__
from smsconsolidator.settings.given import ENV

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
