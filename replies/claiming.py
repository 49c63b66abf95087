"""Taking a pending reply for its next call: asked once more whether it may leave, counted, and claimed."""

from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F

from classification import rows
from classification.clock import Now
from replies import pacing
from replies.attempts import Recorder, lease, note_attempt
from replies.case import Case, Decision
from replies.drafting import Veto, unless
from replies.gate import admit
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.policy import decide_again
from replies.unsent import Then, may_have_left, put_aside, refuse_expired


def claim_for_call(
    reply: Reply, case: Case, provider: str, record: Recorder, then: Then, veto: Veto
) -> Reply:
    """Claim a pending reply and write the attempt, committed before the call; the reply says whether it was won."""
    claim = {
        "status": ReplyStatus.SENDING,
        "provider": provider,
        "attempt_count": rows.Sql("attempt_count + 1"),
        "sending_until": rows.now(lease().total_seconds()),
    }
    with transaction.atomic(durable=True):
        if refuse_expired(reply, record, then):
            return reply
        decision = _ask_again(reply, case, provider, veto)
        if not decision.allowed:
            put_aside(reply, decision, record, then)
            return reply
        claimed = rows.update(Reply, {"id": reply.pk, "status": ReplyStatus.PENDING}, **claim)
        reply.refresh_from_db()
        if claimed:
            reply.in_hand = True
            note_attempt(reply, record)
        else:
            transaction.set_rollback(True)  # somebody else sends it, and has counted it
    return reply


def _ask_again(reply: Reply, case: Case, provider: str, veto: Veto) -> Decision:
    """Whether it may still be sent, and now; if so, it is counted, unless an earlier attempt was."""

    def judge(now: Case) -> Decision:
        decision = decide_again(now)
        asked = reply.kind == ReplyKind.AUTOMATIC and not may_have_left(reply)
        return unless(veto, decision) if asked else decision

    turn, counted = partial(_wait_for_turn, reply, provider), reply.attempt_count > 0
    return admit(case, reply.body, judge, turn=turn, counted=counted)


def _wait_for_turn(reply: Reply, provider: str) -> float:
    """Seconds until this reply may be given to the provider; it keeps the turn that it once got."""
    if not settings.SMS_SENDS_PER_MINUTE:
        return 0
    if reply.send_at is None:
        wait = pacing.wait_for_turn(provider)
        rows.update(Reply, {"id": reply.pk, "send_at": rows.Sql("IS NULL")}, send_at=rows.now(wait))
    left = ExpressionWrapper(F("send_at") - Now(), output_field=DurationField())
    turn = Reply.objects.filter(pk=reply.pk).annotate(left=left).values_list("left", flat=True).get()
    return max(0.0, float(turn.total_seconds()))
