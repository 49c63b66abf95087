"""Send a reply once: what the rest of the project asks of replies."""

from replies.addressee import ANYBODY, Addressee
from replies.attempts import Recorder, lease_is_over
from replies.case import Case, Terms
from replies.claiming import claim_for_call
from replies.conversation import Conversation
from replies.delivery import deliver
from replies.drafting import Veto, no_veto, prepare, prepare_answer, prepare_correction
from replies.models import Reply, ReplyStatus
from replies.outcome import finish
from replies.resending import resend, why_not_resent
from replies.senders import ENVIRONMENT, get_sender
from replies.senders.base import Account, Sender, unknown
from replies.unsent import Then, nothing, withdraw_waiting

__all__ = [
    "Conversation",
    "Recorder",
    "Then",
    "Veto",
    "deliver",
    "prepare",
    "prepare_answer",
    "prepare_correction",
    "resend",
    "send_once",
    "why_not_resent",
    "withdraw_waiting",
]

ANY_TERMS = Terms()
INTERRUPTED = unknown("interrupted", "The process that was sending ended before it could write the outcome.")


def send_once(
    reply_id: int,
    *,
    record: Recorder,
    then: Then = nothing,
    veto: Veto = no_veto,
    account: Account = ENVIRONMENT,
    terms: Terms = ANY_TERMS,
    addressee: Addressee = ANYBODY,
) -> Reply:
    """Send a pending reply, and return the reply as it is afterwards. Not inside a transaction.

    Of several callers one sends; the others get the row as it stands ("sending" while the first one's lease lasts,
    which is half of BATCH_LEASE_SECONDS). A send whose lease has run out becomes unknown and is not repeated, unless
    the provider looks at the idempotency key. A pending reply whose turn has not come tells so in `retry_in`; one that
    has expired is refused, and one that may no longer be sent, or against which `veto` has something, is withdrawn.
    Settled replies are returned untouched.

    Raises Reply.DoesNotExist, ImproperlyConfigured (no such sender), RuntimeError (called in a transaction).
    """
    sender = get_sender(account)
    reply = Reply.objects.select_related("batch").get(pk=reply_id)
    if reply.status == ReplyStatus.SENDING:
        reply = _give_up_if_interrupted(sender, reply, record, then)
    if reply.status == ReplyStatus.PENDING:
        case = _case(reply, terms, addressee)
        reply = claim_for_call(reply, case, sender.name, record, then, veto)
    if not reply.in_hand:
        return reply
    return deliver(reply, record=record, then=then, account=account)


def _case(reply: Reply, terms: Terms, addressee: Addressee) -> Case:
    """What may have changed since the reply was written; the rest was judged then."""
    batch = reply.batch
    return Case(
        reply.to,
        batch.channel_id,
        batch.sender_kind,
        reply.kind,
        segments=reply.segments,
        terms=terms,
        addressee=addressee,
    )


def _give_up_if_interrupted(sender: Sender, reply: Reply, record: Recorder, then: Then) -> Reply:
    """Once the lease of a send has run out it is unknown, or tried again where the provider looks at the key."""
    again = sender.idempotent and sender.name == reply.provider
    wait, then = (0.0, nothing) if again else (None, then)
    held = {"status": ReplyStatus.SENDING, "sending_until": lease_is_over()}
    if not finish(reply, INTERRUPTED, wait, record, then, **held):
        reply.refresh_from_db()
    return reply
