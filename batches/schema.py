"""The webhook as its OpenAPI description tells it. The fields of a message describe themselves in `inbound/`."""

from typing import Literal

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from pydantic import AwareDatetime, BaseModel, Field, RootModel
from pydantic.json_schema import SkipJsonSchema

from batches.inbound.smsmobileapi import InboundMessage

MAX_MESSAGES: int = settings.WEBHOOK_MAX_MESSAGES


# --- the request ------------------------------------------------------------------------------------------
class MessageList(BaseModel):
    """Several messages in one request; those that can be used are stored even where others are refused."""

    messages: list[InboundMessage] = Field(max_length=MAX_MESSAGES)


class BareMessageList(RootModel[list[InboundMessage]]):
    """The same as a list without a name."""

    root: list[InboundMessage] = Field(max_length=MAX_MESSAGES)


class InboundDelivery(RootModel[InboundMessage | MessageList | BareMessageList]):
    """One message, or a list of them."""


# --- the answers ------------------------------------------------------------------------------------------
class Ready(BaseModel):
    """The webhook is there."""

    status: Literal["ok"]
    message: str
    timestamp: AwareDatetime = Field(description="Now, in UTC.")


class Problem(BaseModel):
    """What cannot be used, and why."""

    field: str = Field(description="The field to blame; empty where no single one is.")
    reason: str = Field(description="What is wrong, for people.")


class MessageProblem(Problem):
    """The same in one message of several."""

    index: int = Field(ge=0, description="Which message of the request, from 0.")


class Receipt(BaseModel):
    """What became of the messages."""

    status: Literal["success", "error"] = Field(description="`error` where not one message could be used.")
    message: str = Field(description="The counts in words.")
    processed: int = Field(ge=0, description="Messages that are new, and stored now.")
    skipped: int = Field(
        ge=0, description="Messages whose guid is stored already, or came twice in the request."
    )
    spooled: int | SkipJsonSchema[None] = Field(
        None, ge=1, description="Messages that wait on this machine until the database is back."
    )
    message_count: int = Field(ge=0, description="Messages in the request, good and bad.")


class PartialReceipt(Receipt):
    """The same where some messages were refused."""

    rejected: int = Field(ge=1, description="Messages that cannot be used.")
    errors: list[MessageProblem] = Field(min_length=1, description="What is wrong with each of those.")


class Answer(RootModel[PartialReceipt | Receipt]):
    """What became of the messages."""


class Refusal(BaseModel):
    """The request as a whole cannot be used, and nothing in it was stored as a message."""

    status: Literal["error"]
    message: str
    errors: list[Problem] = Field(min_length=1)


class TryLater(BaseModel):
    """Neither the database nor the spool could take it."""

    status: Literal["error"]
    message: str


class Turned(BaseModel):
    """Who has no valid token is turned away before anything is read."""

    status: Literal["error"]
    message: str


class NothingUsable(RootModel[PartialReceipt | Refusal]):
    """Not one message could be used."""


# --- examples, as the service answers them ----------------------------------------------------------------
MESSAGE = {
    "date": "2025-01-20",
    "hour": "10:15:00",
    "time_received": "2025-01-20 10:14:50",
    "message": "Yes, I can help",
    "number": "+639123456789",
    "guid": "abcde12345",
}
MISSING_GUID = {"field": "guid", "reason": "Field required"}
BROKEN = "the body is not JSON: Expecting value: line 1 column 2 (char 1)"
TOO_MANY = f"at most {MAX_MESSAGES} messages in one request, got {MAX_MESSAGES + 1}"
NOT_A_FORM = "Content-Type must be application/json, not application/x-www-form-urlencoded"


def _receipt(message: str, processed: int, skipped: int, count: int) -> dict[str, object]:
    return {
        "status": "success",
        "message": message,
        "processed": processed,
        "skipped": skipped,
        "message_count": count,
    }


def _refusal(reason: str, field: str = "") -> dict[str, object]:
    return {"status": "error", "message": reason, "errors": [{"field": field, "reason": reason}]}


def _answer(model: type[BaseModel], description: str, **examples: object) -> OpenApiResponse:
    shown = [OpenApiExample(name.replace("_", " "), value) for name, value in examples.items()]
    return OpenApiResponse(model, description, shown)


_STRANGERS = {
    401: OpenApiResponse(
        Turned, "At the address without a token: none was given in a header, or a wrong one."
    ),
    404: OpenApiResponse(
        Turned, "At the address with a token: channel or token is wrong; which one is not told."
    ),
    429: OpenApiResponse(Turned, "Too many attempts without a valid token; wait for `Retry-After` seconds."),
    503: OpenApiResponse(
        TryLater, "Nothing could be stored, and nothing was kept: send it again after `Retry-After`."
    ),
}
_ANSWERS = _STRANGERS | {
    200: _answer(
        Answer,
        "At least one message could be used, or the list was empty. What is counted as processed is stored for good.",
        stored=_receipt("Processed 3 messages, skipped 1 duplicate", 3, 1, 4),
        stored_in_part=_receipt("Processed 1 message, skipped 0 duplicates, refused 1 message", 1, 0, 2)
        | {"rejected": 1, "errors": [{"index": 1} | MISSING_GUID]},
    ),
    400: _answer(
        NothingUsable,
        "Not one message could be used. What was refused is kept for the operator to look at.",
        no_guid=_receipt("Processed 0 messages, skipped 0 duplicates, refused 1 message", 0, 0, 1)
        | {"status": "error", "rejected": 1, "errors": [{"index": 0} | MISSING_GUID]},
        not_JSON=_refusal(BROKEN),
    ),
    413: _answer(
        Refusal,
        f"More than {settings.WEBHOOK_MAX_BYTES} bytes or {MAX_MESSAGES} messages.",
        too_many_messages=_refusal(TOO_MANY, "messages"),
    ),
    415: _answer(Refusal, "Not `application/json`, or compressed.", a_form=_refusal(NOT_A_FORM)),
}

webhook = extend_schema_view(
    get=extend_schema(
        summary="Ask whether the webhook is there",
        tags=["webhook"],
        auth=[],
        responses=_STRANGERS | {200: OpenApiResponse(Ready, "It is.")},
    ),
    post=extend_schema(
        summary="Deliver one SMS or several",
        description=(
            "Stores each message once and answers when that is committed. The body is JSON in UTF-8 (UTF-16 and UTF-32 "
            "are recognised), not compressed. Where a key is there twice, the last one counts."
        ),
        tags=["webhook"],
        auth=[],
        request=InboundDelivery,
        responses=_ANSWERS,
        examples=[
            OpenApiExample("one message", MESSAGE, request_only=True),
            OpenApiExample(
                "a list", {"messages": [MESSAGE, MESSAGE | {"guid": "abcde12346"}]}, request_only=True
            ),
            OpenApiExample("a bare list", [MESSAGE], request_only=True),
        ],
    ),
)
