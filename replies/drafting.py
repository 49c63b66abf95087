"""Write the reply to a batch: what is said, and whether it may be said at all."""

from collections.abc import Callable, Sequence
from uuid import uuid4

from replies import content, costs, pacing
from replies.attempts import Recorder
from replies.case import ALLOWED, COMMANDS, Case, Decision
from replies.commanded import answers_something
from replies.content import Content
from replies.conversation import Conversation
from replies.gate import admit, at_hand
from replies.insertion import insert_alone, insert_in_hand, insert_pending, put_down
from replies.models import Reply, ReplyKind
from replies.policy import decide
from replies.segments import count as size
from replies.senders import get_sender

# What the conversation itself has against an automatic reply now; asked in the transaction that would begin to send it.
Veto = Callable[[], Decision]


def no_veto() -> Decision:
    """What a veto is where the caller has none."""
    return ALLOWED


def unless(veto: Veto, decision: Decision) -> Decision:
    """The veto's refusal of a reply that would leave otherwise, now or later; else the decision itself."""
    if not (decision.allowed or decision.wait):
        return decision
    objection = veto()
    return decision if objection.allowed else objection


def prepare(
    conversation: Conversation,
    label: str,
    *,
    record: Recorder,
    also: Sequence[str] = (),
    texts: Sequence[str] = (),
    sounds_like_opt_out: bool = False,
    veto: Veto = no_veto,
    send_now: bool = False,
) -> Reply:
    """The batch's reply: pending, or suppressed with the reason. Call it inside a transaction.

    A batch has one live reply for ever: when there is one already, that one is returned unchanged. Repeating a
    suppression for the same reason adds nothing either. `also` holds the labels of what else the conversation is
    about, `texts` what was written. `veto` is asked last, where everything else allows a reply or lets it wait.

    With `send_now` the new reply is in its caller's hands at once (`in_hand`: sending, with its first attempt), for
    `deliver` to send as soon as the transaction is committed; where its turn comes later it stays pending, and
    `retry_in` tells when. Then a second live reply raises IntegrityError.
    """
    said = _said(conversation, label, also)
    reply = _new(conversation, ReplyKind.AUTOMATIC, said)
    told = {"label": label, "texts": texts, "sounds_like_opt_out": sounds_like_opt_out}
    case = conversation.case(ReplyKind.AUTOMATIC, reply.segments, **told)
    return _write(reply, case, record, veto, send_now=send_now)


def prepare_answer(kind: ReplyKind, conversation: Conversation, *, record: Recorder) -> Reply:
    """The answer to a command, which is its batch's one reply; as `prepare` with `send_now`."""
    where, turn = conversation.channel_id, conversation.batch_id
    reply = _new(conversation, kind, content.answer(kind, conversation.occasion, channel_id=where, turn=turn))
    return _write(reply, conversation.case(kind, reply.segments), record, no_veto, send_now=True)


def prepare_correction(conversation: Conversation, label: str, *, record: Recorder) -> Reply:
    """The reply that follows a person's correction to `label`: pending, in the caller's transaction.

    Ask correcting.py before, in the same transaction. Raises IntegrityError when the batch has one already.
    """
    return insert_alone(_new(conversation, ReplyKind.CORRECTION, _said(conversation, label)), record)


def _said(conversation: Conversation, label: str, also: Sequence[str] = ()) -> Content:
    where, turn = conversation.channel_id, conversation.batch_id
    return content.reply(label, conversation.occasion, channel_id=where, turn=turn, also=also)


def _new(conversation: Conversation, kind: ReplyKind, said: Content) -> Reply:
    segments = size(said.body).segments
    return Reply(
        batch_id=conversation.batch_id,
        kind=kind,
        to=conversation.to,
        body=said.body,
        segments=segments,
        template_version_id=said.version_id,
        made_gsm_safe=said.made_gsm_safe,
        **costs.of(segments, conversation.terms.voice),
        provider=get_sender(conversation.account).name,
        idempotency_key=uuid4(),
        reason="",
        error="",
    )


def _write(reply: Reply, case: Case, record: Recorder, veto: Veto, *, send_now: bool) -> Reply:
    """Write it as the policy says, and as the provider's turns allow."""

    def judge(now: Case) -> Decision:
        decision = decide(now)
        is_command = decision.allowed and now.kind in COMMANDS
        return answers_something(now, reply.batch_id) if is_command else unless(veto, decision)

    if not send_now:
        decision = judge(at_hand(case))
        return insert_pending(reply, record) if decision.allowed else put_down(reply, decision, record)
    decision = admit(case, reply.body, judge, turn=lambda: pacing.wait_for_turn(reply.provider))
    return insert_in_hand(reply, record) if decision.allowed else put_down(reply, decision, record)
