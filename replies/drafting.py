"""Write the reply to a batch: what is said, and whether it may be said at all."""

from collections.abc import Callable, Sequence
from uuid import uuid4

from replies import content, costs, pacing
from replies.attempts import Recorder
from replies.case import ALLOWED, COMMANDS, Case, Decision
from replies.commanded import answers_something
from replies.content import Content
from replies.conversation import Conversation
from replies.gate import admit
from replies.insertion import insert_in_hand, insert_pending, put_down
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
) -> Reply:
    """The batch's reply, in its caller's hands (`in_hand`: sending, with its first attempt). Call it in a transaction.

    `deliver` sends it as soon as that is committed. Where its turn comes later it is pending, and `retry_in` tells
    when; where it may not be sent it is suppressed with the reason, and repeating a suppression for the same reason
    adds nothing. `also` holds the labels of what else the conversation is about, `texts` what was written. `veto` is
    asked last, where everything else allows a reply or lets it wait.

    Raises IntegrityError when the batch has a live reply: it has one for ever.
    """
    said = _said(conversation, label, also)
    reply = _new(conversation, ReplyKind.AUTOMATIC, said)
    told = {"label": label, "texts": texts, "sounds_like_opt_out": sounds_like_opt_out}
    case = conversation.case(ReplyKind.AUTOMATIC, reply.segments, **told)
    return _write(reply, case, record, veto)


def prepare_answer(kind: ReplyKind, conversation: Conversation, *, record: Recorder) -> Reply:
    """The answer to a command, which is its batch's one reply; as `prepare`."""
    where, turn = conversation.channel_id, conversation.batch_id
    reply = _new(conversation, kind, content.answer(kind, conversation.occasion, channel_id=where, turn=turn))
    return _write(reply, conversation.case(kind, reply.segments), record, no_veto)


def prepare_correction(conversation: Conversation, label: str, *, record: Recorder) -> Reply:
    """The reply that follows a person's correction to `label`: pending, in the caller's transaction.

    Ask correcting.py before, in the same transaction. Raises IntegrityError when the batch has one already.
    """
    return insert_pending(_new(conversation, ReplyKind.CORRECTION, _said(conversation, label)), record)


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


def _write(reply: Reply, case: Case, record: Recorder, veto: Veto) -> Reply:
    """Write it as the policy says, and as the provider's turns allow."""

    def judge(now: Case) -> Decision:
        decision = decide(now)
        is_command = decision.allowed and now.kind in COMMANDS
        return answers_something(now, reply.batch_id) if is_command else unless(veto, decision)

    decision = admit(case, reply.body, judge, turn=lambda: pacing.wait_for_turn(reply.provider))
    return insert_in_hand(reply, record) if decision.allowed else put_down(reply, decision, record)
