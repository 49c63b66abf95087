"""Requests for a host that is not ours: answered with 400 and a reason, and told in the log, but not each of them."""

import logging
from threading import Lock

from cachetools import TTLCache, cached
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.views import defaults

from smsconsolidator.secrecy import visible

log = logging.getLogger(__name__)

PERIOD = 60  # seconds: scanners ask for other hosts all day
LONGEST = 255  # characters: no name is longer

told: TTLCache[str, None] = TTLCache(maxsize=1, ttl=PERIOD)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's page for a 400; at the API, for a host that is not ours, the reason as JSON."""
    if not isinstance(exception, DisallowedHost):
        return defaults.bad_request(request, exception)
    host = _asked_for(request)
    _tell(host)
    if not request.path_info.startswith("/api/"):
        return defaults.bad_request(request, exception)
    return JsonResponse({"status": "error", "message": f"Host {host} is not in ALLOWED_HOSTS"}, status=400)


def _asked_for(request: HttpRequest) -> str:
    """The host as the request has it, without its port, for people."""
    given = request.META.get("HTTP_HOST", "")
    name, _port = split_domain_port(given)
    return visible((name or given)[:LONGEST])


@cached(told, key=lambda _host: "any", lock=Lock())
def _tell(host: str) -> None:
    log.warning("REFUSED | Host %(host)s is not in ALLOWED_HOSTS", {"host": host})
