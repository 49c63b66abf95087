"""The webhook: read, check, store, acknowledge. Nothing is decided here."""

import json
import logging
from collections.abc import Iterable, Sequence
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

from batches import access
from batches.channels import ChannelUnknown, last_known
from batches.inbound import body, smsmobileapi
from batches.inbound.base import Delivery, Malformed
from batches.ingest import Ingested
from batches.intake import take
from batches.models import Channel
from batches.rejections import keep
from batches.schema import webhook
from batches.spool import SpoolUnavailable

log = logging.getLogger(__name__)

TOLD = 5  # refusals of a delivery in the log; Rejected deliveries has more of them
RETRY_SECONDS = 10  # when neither the database nor the spool can take a delivery


class AnswerInJson(BaseContentNegotiation):
    """JSON whatever the client says it accepts: a gateway's odd Accept header must not cost its message."""

    def select_parser(self, _request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


@webhook
class InboundSmsView(APIView):
    """SMSMobileAPI's webhook: `/api/webhook/<channel>/<token>`, and `/api/webhook/sms-received` for `default`."""

    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = AnswerInJson

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before anything is read: who may post, and to which channel. Raises access.Refused."""
        super().initial(request, *args, **kwargs)
        self.slug = access.admit(request._request, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(exc, access.Refused):
            response._has_been_logged = True  # type: ignore[attr-defined]  # counted, and told once a minute
        return response

    def get(self, _request: Request, **_address: str) -> Response:
        """The provider calls it before it sends anything; monitoring calls it too."""
        now = timezone.now().isoformat()
        return Response({"status": "ok", "message": "The SMS webhook is ready", "timestamp": now})

    def post(self, request: Request, **_address: str) -> Response:
        """Store or spool one message or a list of them: 200 unless nothing in the body could be used.

        503 with Retry-After when they can be put nowhere: nothing of the delivery is kept then.
        """
        try:
            response = self._take(request, channel_of(self.slug))
        except (SpoolUnavailable, ChannelUnknown) as problem:
            log.error("NOT ACCEPTED | Error: %(error)s", {"error": str(problem)})
            response = _try_later()
        response._has_been_logged = True  # type: ignore[attr-defined]  # what is refused has a line of ours
        return response

    def _take(self, request: Request, channel: Channel) -> Response:
        raw = b""
        try:
            raw = body.read(request._request)
            delivery = smsmobileapi.parse(body.decode(raw))
        except body.Unread as unread:
            return _refuse(request, channel, unread, unread.beginning, unread.size)
        except Malformed as malformed:
            return _refuse(request, channel, malformed, raw)
        result = take(channel, delivery.messages)
        status = 400 if delivery.refusals and not delivery.messages else 200
        if delivery.refusals:
            errors = [refusal.as_dict() for refusal in delivery.refusals]
            keep(request._request, channel, status, errors, json.dumps(delivery.refused_items))
            _tell(delivery, errors)
        return Response(_summary(delivery, result), status=status)


@cached(TTLCache(maxsize=100, ttl=2), lock=Lock())
def channel_of(slug: str) -> Channel:
    """The channel as it was at most two seconds ago; while the database is away, as it was last seen."""
    return last_known(slug, lambda: Channel.objects.get_or_create(slug=slug)[0])


def _try_later() -> Response:
    answer = {
        "status": "error",
        "message": "Nothing can be stored at the moment; nothing of this delivery was kept. Send it again later.",
    }
    return Response(answer, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def _tell(delivery: Delivery, errors: Sequence[dict[str, Any]]) -> None:
    """The first of them, for a line of the log is bounded."""
    fields = {"refused": len(delivery.refused_items), "of": delivery.size, "errors": errors[:TOLD]}
    log.warning("REFUSED | Messages: %(refused)s of %(of)s | First errors: %(errors)s", fields)


def _refuse(
    request: Request, channel: Channel, malformed: Malformed, raw: bytes, size: int | None = None
) -> Response:
    error = {"field": malformed.field, "reason": str(malformed)}
    keep(request._request, channel, malformed.status, [error], raw.decode("utf-8", "replace"), size)
    log.warning("REFUSED | %(field)s %(reason)s" if malformed.field else "REFUSED | %(reason)s", error)
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
    if result.spooled:
        answer["message"] += f", spooled {_count(result.spooled, 'message')}"
        answer["spooled"] = result.spooled
    if rejected:
        answer["message"] += f", refused {_count(rejected, 'message')}"
        answer["rejected"] = rejected
        answer["errors"] = [refusal.as_dict() for refusal in delivery.refusals]
    return answer


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
