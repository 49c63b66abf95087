"""Django's error pages and reports without secrets, also when an exception's own text or a variable quotes them."""

from html import escape

from django.conf import settings
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from batches.credentials import revealed
from batches.tokens import HIDDEN as REDACTED
from batches.tokens import hide_tokens


class Reporter(ExceptionReporter):
    """Django hides what is called a key or a password; this one hides the values, wherever they stand."""

    def get_traceback_html(self) -> SafeString:
        return _without_secrets(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _without_secrets(super().get_traceback_text())


def _without_secrets(report: SafeString) -> SafeString:
    """The report, which Django has escaped already, without the secrets' values and webhooks' tokens."""
    text = str(report)
    known = {*settings.ENV.secrets(), *revealed()}
    forms = {
        form for secret in known for plain in (secret, repr(secret)[1:-1]) for form in (plain, escape(plain))
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return SafeString(hide_tokens(text))  # Django has escaped it  # nosec B703
