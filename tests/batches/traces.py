"""One conversation with a text and a number in every place that can hold them, and a search through all tables."""

import json
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from batches import history, takeovers
from batches.inbound.base import InboundSms
from batches.models import Batch, Channel, Message, RejectedDelivery, SenderPreference
from classification.models import Classification, Correction, Usage
from classification.usage import sender_scope
from replies.models import Consent, Mute, Reply
from tests.batches.conftest import arrive

SECRET = "w0rds-of-theirs"
DIGITS = "9170000001"
NUMBER = f"+63{DIGITS}"
RAW = "0917 000 0001"
TEXT_FIELDS = (models.CharField, models.TextField, models.JSONField)


def told(sender: str = NUMBER, raw: str = RAW, days: float = 10) -> Batch:
    """A settled conversation of some days ago."""
    batch = arrive(SECRET, SECRET, sender=sender)
    at = timezone.now() - timedelta(days=days)
    Batch.objects.filter(id=batch.id).update(
        status="completed", outcome="unknown", label="agree", reason=f"{SECRET} {sender}", opened_at=at,
        closes_at=at + timedelta(seconds=60), closed_at=at, completed_at=at,
    )  # fmt: skip
    message, *_ = batch.messages.all()
    payload = json.dumps({"number": raw, "message": SECRET})
    batch.messages.update(payload=payload, sender_raw=raw)
    guid = f"gw-{sender}-{batch.id}"
    if DIGITS in sender:
        Message.objects.filter(id=message.id).update(provider_message_id=guid)
    data = {"reply_id": 1, "reason": "timeout", "error": f"{SECRET} {sender}"}
    history.note([batch.id], "reply_unknown", "worker", data)
    history.note([batch.id], "message_added", "web", {"messages": [guid if DIGITS in sender else "x"]})
    _verdict(batch)
    _reply(batch, sender)
    Consent.objects.create(
        number=sender, state="opted_out", changed=True, source="keyword", words=SECRET, message=message,
        actor="web", said_at=at,
    )  # fmt: skip
    return Batch.objects.get(id=batch.id)


def _verdict(batch: Batch) -> None:
    verdict = Classification.objects.create(
        batch=batch, label="agree", engine="rules", latency_ms=1, question=f"{SECRET}?", review="sample",
        matters=[{"label": "agree", "text": SECRET}], trace={"hits": [{"words": SECRET}]},
    )  # fmt: skip
    Correction.objects.create(
        classification=verdict, reviewer=User.objects.get_or_create(username="rey")[0], text=SECRET,
        question=f"{SECRET}?", text_key="k" * 64, predicted="agree", corrected="disagree", split="train",
    )  # fmt: skip


def _reply(batch: Batch, sender: str) -> None:
    reply = Reply.objects.create(
        batch=batch, to=sender, body=SECRET, segments=2, provider="memory", status="unknown", error=SECRET
    )
    reply.attempts.create(number=1, outcome="unknown", response=f"{SECRET} to {sender}", error=SECRET)


def beside(number: str = NUMBER) -> None:
    """What is known of the number outside its conversations, and what a person noted on them in taking them over."""
    channel = Channel.objects.get(slug="default").pk
    preference = SenderPreference.objects.create(number=number, name=SECRET, notes=SECRET)
    user = User.objects.get_or_create(username="rey")[0]
    kind = ContentType.objects.get_for_model(SenderPreference)
    LogEntry.objects.create(
        user=user, content_type=kind, object_id=str(preference.pk), object_repr=f"{SECRET} {number}",
        action_flag=CHANGE, change_message=SECRET,
    )  # fmt: skip
    takeovers.take_over(Batch.objects.filter(sender=number), timezone.now(), note=SECRET, actor="rey")
    Mute.objects.create(
        channel_id=channel, number=number, reason="loop", since=timezone.now(), until=timezone.now()
    )
    Usage.objects.create(
        scope=sender_scope(channel, number), what="replies/day", used=1, until=timezone.now()
    )
    RejectedDelivery.objects.create(
        http_status=400, size=9, body=f"{SECRET} {number}", errors=[{"got": SECRET}]
    )


def spooled(number: str = NUMBER) -> InboundSms:
    return InboundSms("s1", number, SECRET, None, "", "{}", timezone.now())


def holding(words: str) -> list[str]:
    """The fields, of all tables of all applications, in which `words` can be found."""
    found = []
    for model in apps.get_models():
        columns = [one.name for one in model._meta.concrete_fields if isinstance(one, TEXT_FIELDS)]
        for row in model._default_manager.values(*columns):
            found += [
                f"{model._meta.label}.{name}" for name, value in row.items() if words in _as_text(value)
            ]
    return sorted(set(found))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def skeleton() -> list[Any]:
    """What has to stay as it is: everything that is counted, and when it was."""
    batches = (
        "id",
        "channel",
        "sender_kind",
        "status",
        "message_count",
        "opened_at",
        "completed_at",
        "label",
        "outcome",
    )
    return [
        *Batch.objects.order_by("id").values_list(*batches),
        *Message.objects.order_by("id").values_list("id", "batch", "received_at", "repeats"),
        *Classification.objects.order_by("id").values_list(
            "id", "batch", "label", "engine", "cost", "created_at"
        ),
        *Correction.objects.order_by("id").values_list("id", "predicted", "corrected", "split", "at"),
        *Reply.objects.order_by("id").values_list("id", "batch", "status", "segments", "created_at"),
        *Consent.objects.order_by("id").values_list("id", "state", "channel", "source", "said_at"),
        *Batch.objects.order_by("events__id").values_list(
            "events__id", "events__kind", "events__actor", "events__at"
        ),
    ]
