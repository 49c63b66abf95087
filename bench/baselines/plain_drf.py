"""Receiving as a Django project usually does it: a DRF view, a ModelSerializer, ordinary ORM calls.

`python -m bench.baselines.plain_drf` makes the tables in DATABASE_URL; `granian --interface wsgi
bench.baselines.plain_drf:application` serves it. It keeps what it is sent, and does nothing more.
"""

import logging
import os
from datetime import timedelta
from typing import Any

import dj_database_url
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

WINDOW = timedelta(seconds=float(os.environ.get("CONSOLIDATION_WINDOW", "60")))


def _database() -> dict[str, Any]:
    config: dict[str, Any] = dict(dj_database_url.parse(os.environ["DATABASE_URL"]))
    config["CONN_MAX_AGE"] = None
    if "sqlite" in config["ENGINE"]:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        config["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": pragmas}
    return config


if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": _database()},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        ROOT_URLCONF=__name__,
        SECRET_KEY="a key for the bench only, on the loopback only",
        USE_TZ=True,
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
            "root": {"handlers": ["stdout"], "level": "INFO"},
        },
    )
    django.setup()

from django.db import connection, models, transaction  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

log = logging.getLogger("plain")


class PlainBatch(models.Model):
    """A sender's messages within one window."""

    sender = models.CharField(max_length=40)
    status = models.CharField(max_length=16, default="open")
    closes_at = models.DateTimeField(db_index=True)

    objects: models.Manager["PlainBatch"] = models.Manager()

    class Meta:
        app_label = "plain"
        constraints = [
            models.UniqueConstraint(
                fields=["sender"], condition=models.Q(status="open"), name="plain_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender} ({self.status})"


class PlainMessage(models.Model):
    """One SMS."""

    batch = models.ForeignKey(PlainBatch, on_delete=models.CASCADE)
    guid = models.CharField(max_length=100, unique=True)
    number = models.CharField(max_length=40)
    message = models.TextField()
    date = models.CharField(max_length=20)
    hour = models.CharField(max_length=20)
    time_received = models.CharField(max_length=40)
    received_at = models.DateTimeField(auto_now_add=True)

    objects: models.Manager["PlainMessage"] = models.Manager()

    class Meta:
        app_label = "plain"

    def __str__(self) -> str:
        return self.guid


class PlainSerializer(serializers.ModelSerializer[PlainMessage]):
    """The webhook's fields."""

    class Meta:
        model = PlainMessage
        fields = ["date", "hour", "time_received", "message", "number", "guid"]


class WebhookView(APIView):
    """Receives one message or a list."""

    authentication_classes: list[Any] = []

    def get(self, request: Request) -> Response:  # noqa: ARG002
        """The answer to the gateway's first call."""
        return Response({"status": "ok"})

    def post(self, request: Request) -> Response:
        """Store every message."""
        body: Any = request.data
        many = "messages" in body
        serializer = PlainSerializer(data=body["messages"] if many else body, many=many)
        serializer.is_valid(raise_exception=True)
        messages = serializer.validated_data if many else [serializer.validated_data]
        for fields in messages:
            store(fields)
        return Response({"status": "success", "processed": len(messages), "message_count": len(messages)})


@transaction.atomic
def store(fields: dict[str, Any]) -> None:
    """Put one message into its sender's open batch."""
    closes_at = timezone.now() + WINDOW
    batch, _ = PlainBatch.objects.get_or_create(
        sender=fields["number"], status="open", defaults={"closes_at": closes_at}
    )
    PlainMessage.objects.create(batch=batch, **fields)
    log.info(
        'SMS RECEIVED | From: %s | GUID: %s | Text: "%s"', fields["number"], fields["guid"], fields["message"]
    )


urlpatterns = [path("api/webhook/sms-received", WebhookView.as_view())]
application = get_wsgi_application()


def create_tables() -> None:
    """Make the two tables in an empty database."""
    with connection.schema_editor() as editor:
        editor.create_model(PlainBatch)
        editor.create_model(PlainMessage)


if __name__ == "__main__":
    create_tables()
