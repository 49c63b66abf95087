"""The webhook: read, check, store, acknowledge. Nothing is decided here."""

import json
import logging
from collections.abc import Iterable
from threading import Lock
from typing import Any

from cachetools import TTLCache, cached
from django.utils import timezone
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batches.inbound import body, smsmobileapi
from batches.inbound.base import Delivery, Malformed
from batches.ingest import Ingested, ingest
from batches.models import Channel
from batches.rejections import keep

log = logging.getLogger(__name__)


class AnswerInJson(BaseContentNegotiation):
    """JSON whatever the client says it accepts: a gateway's odd Accept header must not cost its message."""

    def select_parser(self, _request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class InboundSmsView(APIView):
    """`/api/webhook/sms-received`: SMSMobileAPI's webhook, for the channel `default`."""

    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = AnswerInJson

    def get(self, _request: Request) -> Response:
        """The provider calls it before it sends anything; monitoring calls it too."""
        now = timezone.now().isoformat()
        return Response({"status": "ok", "message": "The SMS webhook is ready", "timestamp": now})

    def post(self, request: Request) -> Response:
        """Store one message or a list of them: 200 unless nothing in the body could be used."""
        channel, raw = channel_of("default"), b""
        try:
            raw = body.read(request._request)
            delivery = smsmobileapi.parse(body.decode(raw))
        except Malformed as malformed:
            return _refuse(request, channel, malformed, raw)
        result = ingest(channel, delivery.messages)
        status = 400 if delivery.refusals and not delivery.messages else 200
        if delivery.refusals:
            errors = [refusal.as_dict() for refusal in delivery.refusals]
            keep(request._request, channel, status, errors, json.dumps(delivery.refused_items))
            log.warning("REFUSED | %(errors)s", {"errors": errors})
        return Response(_summary(delivery, result), status=status)


@cached(TTLCache(maxsize=100, ttl=2), lock=Lock())
def channel_of(slug: str) -> Channel:
    """The channel as it was at most two seconds ago."""
    return Channel.objects.get_or_create(slug=slug)[0]


def _refuse(request: Request, channel: Channel, malformed: Malformed, raw: bytes) -> Response:
    error = {"field": malformed.field, "reason": str(malformed)}
    keep(request._request, channel, malformed.status, [error], raw.decode("utf-8", "replace"))
    log.warning("REFUSED | %(field)s %(reason)s", error)
    return Response(
        {"status": "error", "message": str(malformed), "errors": [error]}, status=malformed.status
    )


def _summary(delivery: Delivery, result: Ingested) -> dict[str, Any]:
    rejected = len(delivery.refused_items)
    message = (
        f"Processed {_count(result.stored, 'message')}, skipped {_count(result.duplicates, 'duplicate')}"
    )
    answer: dict[str, Any] = {
        "status": "error" if rejected and not delivery.messages else "success",
        "message": message,
        "processed": result.stored,
        "skipped": result.duplicates,
        "message_count": delivery.size,
    }
    if rejected:
        answer["message"] += f", refused {_count(rejected, 'message')}"
        answer["rejected"] = rejected
        answer["errors"] = [refusal.as_dict() for refusal in delivery.refusals]
    return answer


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
