"""May a second reply follow, once a person has said what the conversation really means?"""

from collections.abc import Iterable

from replies import content
from replies.conversation import Conversation
from replies.gate import at_hand
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.policy import decide
from replies.segments import count

UNCLEAR = {
    ReplyStatus.PENDING: "The first reply is still to be sent.",
    ReplyStatus.SENDING: "The first reply is being sent.",
    ReplyStatus.UNKNOWN: "Nobody knows whether the first reply was sent.",
}
LEFT = {ReplyStatus.SENT, ReplyStatus.DELIVERED, ReplyStatus.UNDELIVERED}
SENT_BEFORE = "A correcting reply has been written already."
SAME_TEXT = "It would only repeat the reply that was sent."


def why_no_correction(conversation: Conversation, label: str) -> str:
    """Why this conversation gets no correcting reply, for people; empty when it may.

    A person wants it, so neither the conversation's age nor the sender's own settings matter here, but everything else
    that forbids a reply does.
    """
    body = content.reply(
        label,
        conversation.occasion,
        channel_id=conversation.channel_id,
        turn=conversation.batch_id,
    ).body
    case = conversation.case(ReplyKind.CORRECTION, count(body).segments, label=label)
    decision = decide(at_hand(case))
    refused = "" if decision.wait else decision.explanation
    return refused or _problem(Reply.objects.filter(batch_id=conversation.batch_id), body)


def lock(batch_id: int) -> None:
    """Hold the batch's replies until the caller's transaction ends, so that none moves on meanwhile."""
    list(Reply.objects.select_for_update().filter(batch_id=batch_id).order_by("id"))


def _problem(replies: Iterable[Reply], body: str) -> str:
    for reply in replies:
        if reply.kind == ReplyKind.CORRECTION:
            return SENT_BEFORE
        if reply.status in UNCLEAR:
            return UNCLEAR[ReplyStatus(reply.status)]
        # What was sent may end with a word on further matters, which need not be said twice.
        if reply.status in LEFT and f"{reply.body} ".startswith(f"{body} "):
            return SAME_TEXT
    return ""
