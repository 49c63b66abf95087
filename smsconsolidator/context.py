"""What every page of the admin can show."""

from django.http import HttpRequest

from smsconsolidator import __version__


def version(_request: HttpRequest) -> dict[str, str]:
    """The service's own."""
    return {"version": __version__}
