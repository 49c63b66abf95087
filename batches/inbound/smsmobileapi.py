"""SMSMobileAPI's webhook, as the service that this one replaces received it: one message, or a list of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from pydantic import AfterValidator, BaseModel, BeforeValidator, StringConstraints, ValidationError

from batches.inbound.base import Delivery, InboundSms, Malformed, Refusal, storable


def _clean(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Text = Annotated[str, BeforeValidator(_clean)]
Short = Annotated[str, StringConstraints(max_length=255), BeforeValidator(_clean)]
Required = Annotated[Short, AfterValidator(_not_blank)]


class _Message(BaseModel):
    """The provider's fields. Only these three are needed: our own receipt time orders the messages."""

    message: Text
    number: Required
    guid: Required
    time_received: Short | None = None
    date: Short | None = None
    hour: Short | None = None


def parse(document: Mapping[str, Any] | list[Any]) -> Delivery:
    """Read a body `{…one message…}`, `{"messages": […]}` or `[…]`.

    Raises Malformed where the body as a whole has another shape or holds more than WEBHOOK_MAX_MESSAGES.
    """
    items, is_list = _items(document)
    messages: list[InboundSms] = []
    refusals: list[Refusal] = []
    refused: list[Any] = []
    for index, item in enumerate(items):
        try:
            messages.append(_message(item))
        except RecursionError:  # decoded just so, and too deep to be written down
            raise Malformed(f"message {index} is nested too deeply") from None
        except ValidationError as error:
            refused.append(item)
            refusals += [
                _refusal(index, dict(one)) for one in error.errors(include_url=False, include_input=False)
            ]
    return Delivery(messages, refusals, refused, is_list)


def _items(document: Mapping[str, Any] | list[Any]) -> tuple[list[Any], bool]:
    is_list = isinstance(document, list) or "messages" in document
    items = document if isinstance(document, list) else document.get("messages", [document])
    if not isinstance(items, list):
        raise Malformed("must be a list of messages", field="messages")
    if len(items) > settings.WEBHOOK_MAX_MESSAGES:
        limit = settings.WEBHOOK_MAX_MESSAGES
        raise Malformed(
            f"at most {limit} messages in one request, got {len(items)}", field="messages", status=413
        )
    return items, is_list


def _message(item: Any) -> InboundSms:
    read = _Message.model_validate(item)
    raw = read.time_received or " ".join(filter(None, (read.date, read.hour)))
    return InboundSms(
        provider_message_id=read.guid,
        sender_raw=read.number,
        text=read.message,
        sent_at=_instant(raw),
        sent_at_raw=raw,
        payload=json.dumps(item, separators=(",", ":")),
    )


def _instant(raw: str) -> datetime | None:
    """The phone's local time, which carries no zone, as UTC; None where it cannot be read."""
    try:
        local = datetime.fromisoformat(raw)
        return (local if local.tzinfo else local.replace(tzinfo=_zone())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.PROVIDER_TIME_ZONE)


def _refusal(index: int, error: dict[str, Any]) -> Refusal:
    field = ".".join(str(part) for part in error["loc"])
    return Refusal(index, field, error["msg"].removeprefix("Value error, "))
