"""The call to the provider, and its outcome written, whatever happens to the database meanwhile."""

import logging
import time
from collections.abc import Callable
from functools import partial

from django.db import Error, connection

from classification import rows
from classification.outage import is_outage
from replies.attempts import Recorder, attempt_data, closed_attempt, lease
from replies.models import Reply
from replies.outcome import finish, open_to, storable
from replies.retries import wait_before_retry
from replies.senders import ENVIRONMENT, get_sender
from replies.senders.base import Account, Sender, SendResult, unknown
from replies.unsent import Then, nothing

log = logging.getLogger(__name__)

WRITE_AGAIN = 0.5  # seconds between two tries to write an outcome


def deliver(reply: Reply, *, record: Recorder, then: Then = nothing, account: Account = ENVIRONMENT) -> Reply:
    """Make the call for a reply that is in our hands (see `prepare`), and settle it. Not inside a transaction."""
    sender = get_sender(account)
    result = storable(_ask(sender, reply, account.key))
    reply.in_hand = False
    wait = wait_before_retry(sender, reply, result)
    write = partial(finish, reply, result, wait, record, then, status=open_to(result))
    if not _until_written(write):
        # An operator or the next attempt has gone on without us: the outcome belongs to this attempt alone.
        rows.write(closed_attempt(reply, result))
        log.warning(
            "REPLY ANSWERED TOO LATE | Reply: %(reply_id)s | Attempt: %(attempt)s", attempt_data(reply)
        )
        reply.refresh_from_db()
    return reply


def _until_written(write: Callable[[], bool]) -> bool:
    """What `write` returns, tried again while the database is away: what the provider said is known to us alone."""
    end = time.monotonic() + lease().total_seconds()
    while True:
        try:
            return write()
        except Error as error:
            if not is_outage(error) or connection.in_atomic_block or time.monotonic() > end:
                raise
            log.warning("The outcome of a send cannot be written yet: the database is away")
            connection.close()
            time.sleep(WRITE_AGAIN)


def _ask(sender: Sender, reply: Reply, key: str) -> SendResult:
    """The outside call. A fault in a sender is no answer."""
    try:
        return sender.send(reply.to, reply.body, reference=str(reply.idempotency_key), key=key)
    except Exception as error:
        log.exception(
            "REPLY SENDER FAILED | Provider: %(provider)s | Reply: %(reply_id)s | Attempt: %(attempt)s",
            attempt_data(reply),
        )
        return unknown("sender_fault", f"The sender broke off with {type(error).__name__}.")
