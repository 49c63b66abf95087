"""Django's error pages and reports without secrets, also when an exception's own text or a variable quotes them."""

from django.conf import settings
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from smsconsolidator.secrecy import without_secrets


class Reporter(ExceptionReporter):
    """Django hides what is called a key or a password; this one hides the values, wherever they stand."""

    def get_traceback_html(self) -> SafeString:
        return _without_secrets(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _without_secrets(super().get_traceback_text())


def _without_secrets(report: SafeString) -> SafeString:
    text = without_secrets(str(report), settings.ENV.secrets())
    return SafeString(text)  # Django has escaped it  # nosec B703
