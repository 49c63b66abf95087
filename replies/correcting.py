"""May a second reply follow, once a person has said what the conversation really means?"""

from collections.abc import Iterable

from replies import content
from replies.case import Case
from replies.conversation import Conversation
from replies.gate import all_at_hand
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


def reasons_not_to_correct(conversation: Conversation, labels: Iterable[str]) -> dict[str, str]:
    """For each label why this conversation gets no correcting reply to it, for people; empty where it may.

    A person wants it, so neither the conversation's age nor the sender's own settings matter here, but everything else
    that forbids a reply does. Two statements, however many labels.
    """
    bodies = {label: _body(conversation, label) for label in labels}
    cases = all_at_hand(
        conversation.case(ReplyKind.CORRECTION, count(body).segments, label=label)
        for label, body in bodies.items()
    )
    written = list(Reply.objects.filter(batch_id=conversation.batch_id))
    return {case.label: _refusal(case) or _problem(written, bodies[case.label]) for case in cases}


def lock(batch_id: int) -> None:
    """Hold the batch's replies until the caller's transaction ends, so that none moves on meanwhile."""
    list(Reply.objects.select_for_update().filter(batch_id=batch_id).order_by("id"))


def _body(conversation: Conversation, label: str) -> str:
    where, turn = conversation.channel_id, conversation.batch_id
    return content.reply(label, conversation.occasion, channel_id=where, turn=turn).body


def _refusal(case: Case) -> str:
    decision = decide(case)
    return "" if decision.wait else decision.explanation


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
