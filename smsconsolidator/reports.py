"""Django's error pages and reports without secrets, also when an exception's own text or a variable quotes them."""

from html import escape

from django.conf import settings
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from batches.credentials import revealed

REDACTED = "[secret]"


class Reporter(ExceptionReporter):
    """Django hides what is called a key or a password; this one hides the values, wherever they stand."""

    def get_traceback_html(self) -> SafeString:
        return _without_secrets(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _without_secrets(super().get_traceback_text())


def _without_secrets(report: SafeString) -> SafeString:
    """The report, which Django has escaped already, with the secrets' values replaced."""
    text = str(report)
    known = {*settings.ENV.secrets(), *revealed()}
    forms = {
        form for secret in known for plain in (secret, repr(secret)[1:-1]) for form in (plain, escape(plain))
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return SafeString(text)  # Django has escaped it  # nosec B703
