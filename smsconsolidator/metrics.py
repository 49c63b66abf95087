"""/metrics for Prometheus: what the rows tell, and what only the processes know.

Most figures are the rows' and the same on every machine (batches/metrics/). How long the webhook took is known to web
processes alone: they keep it in files (prometheus_client's multiprocess mode), and whichever is asked adds them up.
Workers keep nothing: what they do is in the rows.
"""

import os
import re
from collections.abc import Callable
from hmac import compare_digest
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from batches.hosts import is_loopback
from batches.metrics.collector import RowsCollector
from batches.metrics.figures import PREFIX
from smsconsolidator.processes import ProcessesCollector

WEBHOOK = "/api/webhook/"
FILES = "PROMETHEUS_MULTIPROC_DIR"
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")
# What the webhook's answer tells of its messages, and how it is called here.
RESULTS = {"processed": "stored", "skipped": "duplicate", "spooled": "spooled", "rejected": "rejected"}

_own = CollectorRegistry()
DURATION = Histogram(
    f"{PREFIX}webhook_request_duration_seconds",
    "How long the webhook took to answer, from the first middleware on.",
    ["status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=_own,
)
TAKEN = Counter(
    f"{PREFIX}webhook_messages",
    "Messages in the webhook's requests, by what became of them.",
    ["result"],
    registry=_own,
)
for _status in ("200", "400", "401", "404", "429", "500", "503"):
    DURATION.labels(_status)  # from 0 on: an alert sees a series grow only if it was there before
for _result in RESULTS.values():
    TAKEN.labels(_result)


class WebhookTimer:
    """Middleware: times the webhook, and counts what its answers say of the messages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(WEBHOOK) or request.method != "POST":
            return self.get_response(request)
        start = perf_counter()
        response = self.get_response(request)
        DURATION.labels(str(response.status_code)).observe(perf_counter() - start)
        told = getattr(response, "data", None) or {}
        for key, result in RESULTS.items():
            if number := told.get(key):
                TAKEN.labels(result).inc(number)
        return response


@csrf_exempt
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every figure, in the format that the client asks for; for this machine, or for who has METRICS_TOKEN."""
    if not may_read(request):
        return _refusal()
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(_registry()), content_type=content_type)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    # Files of processes that have died stay: their counters must not fall. There are no gauges to be taken out.
    registry.register(MultiProcessCollector(registry) if FILES in os.environ else _own)  # type: ignore[no-untyped-call]
    registry.register(RowsCollector())
    registry.register(ProcessesCollector())
    return registry


def may_read(request: HttpRequest) -> bool:
    """Whether the request is this machine's, or has METRICS_TOKEN where that is set."""
    if settings.METRICS_TOKEN:
        given = re.fullmatch(r"(?i:Bearer) +(\S+)", request.headers.get("Authorization", ""))
        return compare_digest((given[1] if given else "").encode(), settings.METRICS_TOKEN.encode())
    return _from_this_machine(request)


def _from_this_machine(request: HttpRequest) -> bool:
    """A proxy on this machine also comes from loopback: what it passes on is a stranger's."""
    if any(name in request.META for name in FORWARDED):
        return False
    return is_loopback(request.META.get("REMOTE_ADDR", ""))


def _refusal() -> HttpResponse:
    if settings.METRICS_TOKEN:
        text = "A token is needed: Authorization: Bearer <METRICS_TOKEN>\n"
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse(text, status=401, content_type="text/plain", headers=headers)
    text = "Only for this machine. To read it from another one, set METRICS_TOKEN.\n"
    return HttpResponse(text, status=403, content_type="text/plain")
