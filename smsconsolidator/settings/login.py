"""Who may come in, for how long, and who is locked out."""

from datetime import timedelta
from typing import Any

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
