"""Out of the spool into the database, in order, as soon as it is back.

Every web process has one thread for it, which looks once a second; one of them at a time drains. An entry leaves the
spool only after it was committed, and what was stored but not yet forgotten when a process died is recognised by its
GUID: nothing is lost and nothing is stored twice, whenever it happens.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from functools import cache
from itertools import groupby

from django.db import connection

from batches import deadline
from batches.channels import DEFAULT
from batches.detour import HOLD_SECONDS, detour
from batches.inbound.base import InboundSms
from batches.ingest import ingest
from batches.models import Channel, Message
from batches.spool import Entry, Spool, SpoolUnavailable, here
from classification.outage import is_outage

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # for what other processes spooled, and between two questions whether the database is back
CHUNK = 100  # messages in one transaction
CHUNK_SECONDS = 30.0  # for one of them to be stored: nobody waits for it
PROBE_SECONDS = 2.0
NAP_SECONDS = 0.02  # between two looks at what another process drains

_starting = threading.Lock()


def start() -> None:
    """Look after the spool in this process from now on."""
    with _starting:
        if not any(thread.name == __name__ for thread in threading.enumerate()):
            threading.Thread(target=_run, name=__name__, daemon=True).start()


def _run() -> None:
    while True:
        detour.woken.wait(LOOK_SECONDS)
        detour.woken.clear()
        try:
            if look():
                continue
        except Exception:
            log.exception("The spool cannot be looked after")
        time.sleep(LOOK_SECONDS)


def look() -> bool:
    """Store what waits, or see another process do so; False when nothing can be done: the database is away."""
    spool = here()
    if not detour.on and _is_empty(spool):
        return True
    detour.begin()
    try:
        mine = _drain(spool)
        with deadline.within(PROBE_SECONDS), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        if not is_outage(error):
            raise
        detour.begin(away=True)
        return False
    finally:
        connection.close()
    if not mine:
        _await_the_other(spool)
    detour.end_when(lambda: _is_empty(spool))
    return True


def _drain(spool: Spool) -> bool:
    """Store what waits, unless another process is at it or the file cannot be used: False.

    Raises what is_outage() recognises when the database is away: the rest waits on.
    """
    drained = 0
    try:
        with spool.draining() as mine:
            while mine and (chunk := spool.first(CHUNK)):
                if drained and len(chunk) < CHUNK:
                    detour.ending()
                for _, entries in groupby(chunk, key=lambda entry: entry.channel):
                    drained += _store(spool, list(entries))
        return mine
    except SpoolUnavailable as error:
        _complain(str(error))
        return False
    finally:
        if drained:
            log.info("SPOOL DRAINED | %(count)s message(s)", {"count": drained})


def _await_the_other(spool: Spool) -> None:
    """Until the process that drains is done, for a moment, in which this one's deliveries wait as that one's do."""
    until = time.monotonic() + HOLD_SECONDS
    with contextlib.suppress(SpoolUnavailable):
        if len(spool.first(CHUNK)) < CHUNK:
            detour.ending()
        while not spool.is_empty() and time.monotonic() < until:
            time.sleep(NAP_SECONDS)


def _store(spool: Spool, entries: Sequence[Entry]) -> int:
    """Store entries of one channel; those that cannot be stored even alone are set aside."""
    try:
        with deadline.within(CHUNK_SECONDS):
            channel, messages = _channel(entries[0].channel), [entry.message() for entry in entries]
            if ingest(channel, messages).duplicates:
                _correct_times(channel, messages)
    except Exception as error:
        if is_outage(error):
            raise
        if len(entries) > 1:
            return sum(_store(spool, [entry]) for entry in entries)
        problem = {"at": str(entries[0].received_at), "kind": type(error).__name__}
        log.error(
            "SPOOL | The message of %(at)s cannot be stored: %(kind)s", problem
        )  # its error may quote it
        spool.set_aside(entries[0], f"{type(error).__name__}: {error}")
        return 0
    spool.forget(entries)
    return len(entries)


def _correct_times(channel: Channel, messages: Sequence[InboundSms]) -> None:
    """What a stalled server stored late, after we had given it up, came in when it was spooled."""
    for sms in messages:
        rows = Message.objects.filter(channel=channel, provider_message_id=sms.provider_message_id)
        rows.filter(received_at__gt=sms.received_at).update(received_at=sms.received_at)


def _channel(slug: str) -> Channel:
    if slug == DEFAULT:  # the one that may be spooled for before it was ever looked up
        return Channel.objects.get_or_create(slug=slug)[0]
    return Channel.objects.get(slug=slug)


def _is_empty(spool: Spool) -> bool:
    """A file that cannot be read must not keep deliveries from a database that is well."""
    try:
        return spool.is_empty()
    except SpoolUnavailable as error:
        _complain(str(error))
        return True


@cache
def _complain(problem: str) -> None:
    """Say it once, not every second."""
    log.error("SPOOL | It cannot be read: %(error)s", {"error": problem})
