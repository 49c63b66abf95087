"""SMSMobileAPI's webhook, as the service that this one replaces received it: one message, or a list of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from batches.choices import Command
from batches.inbound.base import (
    LONGEST_ID,
    Delivery,
    InboundSms,
    Malformed,
    Refusal,
    not_blank,
    storable,
    storable_id,
)

TOO_DEEP = "nested too deeply"
COMMANDS = [command.upper() for command in Command]


def _clean(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def _clean_id(value: Any) -> Any:
    return storable_id(value) if isinstance(value, str) else value


def _command(value: Any) -> Command | None:
    """The command of that name, in any case; nothing and "" are none, as a provider's form has it."""
    if value in (None, ""):
        return None
    try:
        return Command(value.lower())
    except (AttributeError, ValueError):
        raise ValueError(f"Input should be {', '.join(COMMANDS[:-1])} or {COMMANDS[-1]}") from None


Text = Annotated[str, BeforeValidator(_clean)]
Short = Annotated[str, StringConstraints(max_length=255), BeforeValidator(_clean)]
# In the API's description a pattern says what not_blank checks: \S is not the same characters in every language.
INK = r"[^\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_NOT_BLANK = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": INK}
Required = Annotated[Short, AfterValidator(not_blank), WithJsonSchema(_NOT_BLANK)]
Id = Annotated[
    str,
    StringConstraints(max_length=LONGEST_ID),
    BeforeValidator(_clean_id),
    AfterValidator(not_blank),
    WithJsonSchema(_NOT_BLANK),
]
CommandName = Annotated[
    Command | None, PlainValidator(_command), WithJsonSchema({"type": "string", "enum": COMMANDS})
]


class InboundMessage(BaseModel):
    """One SMS as SMSMobileAPI posts it. Fields that are not named here are kept in the record and not read."""

    message: Text = Field(
        description="The text, as long as it may be; it can be empty.", examples=["Yes, I can help"]
    )
    number: Required = Field(
        description="Who wrote: a phone number in any usual spelling, a short code, or a name.",
        examples=["+639123456789"],
    )
    guid: Id = Field(
        description="The provider's name for this SMS. The same one again is counted and ignored.",
        examples=["abcde12345"],
    )
    time_received: Short | None = Field(
        None,
        description="When the phone got it, in the phone's local time (PROVIDER_TIME_ZONE) unless it names an offset. "
        "Kept as it is where it cannot be read; messages are ordered by when they arrive here.",
        examples=["2025-01-20 10:14:50"],
    )
    date: Short | None = Field(
        None,
        description="Read with `hour` where `time_received` is missing or cannot be read.",
        examples=["2025-01-20"],
    )
    hour: Short | None = Field(
        None,
        description="Read with `date` where `time_received` is missing or cannot be read.",
        examples=["10:15:00"],
    )
    opt_out_type: CommandName = Field(
        None,
        description="What the gateway's own provider has taken the text for, where it looks for keywords itself "
        "(Twilio: OptOutType). It holds whatever the text says. Missing: our own keywords decide.",
        examples=["STOP"],
    )


def parse(document: Mapping[str, Any] | list[Any]) -> Delivery:
    """Read a body `{…one message…}`, `{"messages": […]}` or `[…]`.

    Raises Malformed where the body as a whole has another shape or holds more than WEBHOOK_MAX_MESSAGES.
    """
    messages: list[InboundSms] = []
    refusals: list[Refusal] = []
    refused: list[Any] = []
    for index, item in enumerate(_items(document)):
        try:
            messages.append(_message(item))
        except ValidationError as error:
            refused.append(_writable(item))
            refusals += [
                _refusal(index, dict(one)) for one in error.errors(include_url=False, include_input=False)
            ]
        except RecursionError:  # decoded just so, and too deep to be written down
            refused.append(_writable(item))
            refusals.append(Refusal(index, "", TOO_DEEP))
    return Delivery(messages, refusals, refused)


def _writable(item: Any) -> Any:
    """The refused item, or a word in its place where JSON can be read but not be written again."""
    try:
        json.dumps([[item]])
    except RecursionError:
        return TOO_DEEP
    return item


def _items(document: Mapping[str, Any] | list[Any]) -> list[Any]:
    items = document if isinstance(document, list) else document.get("messages", [document])
    if not isinstance(items, list):
        raise Malformed("must be a list of messages", field="messages")
    if len(items) > settings.WEBHOOK_MAX_MESSAGES:
        limit = settings.WEBHOOK_MAX_MESSAGES
        raise Malformed(
            f"at most {limit} messages in one request, got {len(items)}", field="messages", status=413
        )
    return items


def _message(item: Any) -> InboundSms:
    read = InboundMessage.model_validate(item)
    told = _times(read)
    return InboundSms(
        provider_message_id=read.guid,
        sender_raw=read.number,
        text=read.message,
        sent_at=next(filter(None, map(_instant, told)), None),
        sent_at_raw=told[0][:255] if told else "",
        payload=json.dumps(item, separators=(",", ":")),
        command=read.opt_out_type,
    )


def _times(read: InboundMessage) -> list[str]:
    """When the phone got it, in the provider's words: its time, and what date and hour are together. None is blank."""
    both = " ".join(filter(None, (read.date, read.hour)))
    return [text for text in (read.time_received, both) if text and text.strip()]


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
    if error["type"] == "model_type":
        return Refusal(index, field, "Input should be a JSON object")  # and not the name of our class
    return Refusal(index, field, error["msg"].removeprefix("Value error, "))
