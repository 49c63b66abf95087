"""Senders' own settings over HTTP: `/api/senders` and `/api/senders/<number>`, for other programs.

A program is a user with a token (`manage.py api_token`), and may do what that user may in the admin.
"""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from knox.auth import TokenAuthentication
from pydantic import RootModel
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotFound, Throttled
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from batches.addresses import remote_address
from batches.failures import Failures
from batches.models import SenderPreference
from batches.models.preference import STORED

log = logging.getLogger(__name__)

failures = Failures("API")
EMPTY: dict[str, Any] = {
    "name": "",
    "language": "",
    "window_seconds": None,
    "no_auto_replies": False,
    "is_vip": False,
    "notes": "",
}
EXAMPLE = {
    "number": "+639171234567",
    **EMPTY,
    "name": "Maria Santos",
    "language": "tl",
    "window_seconds": 0,
    "updated_at": "2026-11-28T00:05:19.198Z",
}


class Permissions(DjangoModelPermissions):
    """What the token's user may do with senders in the admin. PUT may make a row, so it needs both."""

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "PUT": ["%(app_label)s.add_%(model_name)s", "%(app_label)s.change_%(model_name)s"],
    }


class PerUser(UserRateThrottle):
    """API_REQUESTS_PER_MINUTE of one user, counted by each web process."""

    def get_rate(self) -> str:
        return f"{settings.API_REQUESTS_PER_MINUTE}/min"


class ByNumber(CursorPagination):
    """Pages that a row which comes or goes meanwhile does not shift."""

    ordering = "number"
    page_size = 100


class SenderSerializer(serializers.ModelSerializer[SenderPreference]):
    """One number's own settings. Fields that nobody knows are an error: they would be lost in silence."""

    class Meta:
        model = SenderPreference
        fields = ["number", *EMPTY, "updated_at"]
        read_only_fields = ["number", "updated_at"]

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := data.keys() - self.fields.keys()):
            raise serializers.ValidationError({name: ["There is no such field."] for name in sorted(unknown)})
        return super().to_internal_value(data)

    def validate_name(self, text: str) -> str:
        return STORED["name"](text)

    def validate_language(self, text: str) -> str:
        return STORED["language"](text)

    def validate_notes(self, text: str) -> str:
        return STORED["notes"](text)


class SenderProblems(RootModel[dict[str, list[str] | str]]):
    """What is wrong, by field; under `detail` where nothing could be read."""


class SendersView(GenericAPIView[SenderPreference]):
    """Who may come in, and how often."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [Permissions]
    throttle_classes = [PerUser]
    queryset = SenderPreference.objects.all()
    serializer_class = SenderSerializer

    def perform_authentication(self, request: Request) -> None:
        """Raises Throttled for an address that has tried too many wrong tokens; others behind it are not shut out."""
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            wait = failures.count(remote_address(request._request), settings.WEBHOOK_FAILURES_PER_MINUTE)
            if wait:
                raise Throttled(wait) from None
            raise


_REFUSED = {
    401: OpenApiResponse(description="No token, or one that is not valid: Authorization: Token <token>."),
    403: OpenApiResponse(description="The token's user may not do this."),
    429: OpenApiResponse(description="Too many requests; wait for `Retry-After` seconds."),
}
_INVALID = OpenApiResponse(
    SenderProblems,
    "What is wrong, by field.",
    [
        OpenApiExample(
            "a wrong window", {"window_seconds": ["Ensure this value is less than or equal to 900."]}
        )
    ],
)
_NONE = OpenApiResponse(description="There is no row for this number.")
_ROW = OpenApiResponse(
    SenderSerializer, "The settings as they are stored.", [OpenApiExample("a sender", EXAMPLE)]
)
_NUMBER = OpenApiParameter(
    "number",
    str,
    OpenApiParameter.PATH,
    description="The phone number, in any spelling; one without a country is of DEFAULT_REGION.",
    examples=[OpenApiExample("a number", "+639171234567")],
)


@extend_schema_view(
    get=extend_schema(
        summary="All senders with settings of their own",
        tags=["senders"],
        operation_id="senders_list",
        responses={
            200: SenderSerializer(many=True),
            404: OpenApiResponse(description="`cursor` is none that `next` has named."),
            **_REFUSED,
        },
    )
)
class SenderList(SendersView, ListAPIView[SenderPreference]):
    """In pages of 100, by number; `next` is the address of the next page."""

    pagination_class = ByNumber


@extend_schema(tags=["senders"], parameters=[_NUMBER])
class SenderDetail(SendersView):
    """What holds for one number, on every channel."""

    @extend_schema(
        summary="One sender's settings", responses={200: _ROW, 404: _NONE, 400: _INVALID, **_REFUSED}
    )
    def get(self, _request: Request, number: str) -> Response:
        return Response(self.get_serializer(self._row(number)).data)

    @extend_schema(
        summary="Set all of a sender's settings",
        description="What is left out is emptied. They hold from the sender's next batch on.",
        responses={200: _ROW, 201: _ROW, 400: _INVALID, **_REFUSED},
    )
    def put(self, request: Request, number: str) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = EMPTY | given.validated_data
        row, made = SenderPreference.objects.update_or_create(number=_stored(number), defaults=values)
        self._tell(row.number, "made" if made else "set")
        return Response(self.get_serializer(row).data, status=201 if made else 200)

    @extend_schema(
        summary="Change some of a sender's settings",
        responses={200: _ROW, 404: _NONE, 400: _INVALID, **_REFUSED},
    )
    def patch(self, request: Request, number: str) -> Response:
        row = self._row(number)
        given = self.get_serializer(row, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        given.save()
        self._tell(row.number, "changed")
        return Response(given.data)

    @extend_schema(
        summary="Treat a sender like every other again",
        responses={204: None, 404: _NONE, 400: _INVALID, **_REFUSED},
    )
    def delete(self, _request: Request, number: str) -> Response:
        row = self._row(number)
        row.delete()
        self._tell(row.number, "deleted")
        return Response(status=204)

    def get_object(self) -> SenderPreference:
        """For OPTIONS, which tells of the fields that may be written."""
        return self._row(self.kwargs["number"])

    def _row(self, number: str) -> SenderPreference:
        rows: QuerySet[SenderPreference] = self.get_queryset()
        row = rows.filter(number=_stored(number)).first()
        if row is None:
            raise NotFound("There is no row for this number.")
        return row

    def _tell(self, number: str, what: str) -> None:
        fields = {"sender": number, "what": what, "user": self.request.user.get_username()}
        log.info("SENDER'S SETTINGS %(what)s | Number: %(sender)s | By: %(user)s", fields)


def _stored(number: str) -> str:
    try:
        return STORED["number"](number)
    except ValidationError as error:
        raise serializers.ValidationError({"number": error.messages}) from None
