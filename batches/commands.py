"""Commands take effect as they come in, in the transaction that stores their messages.

What is said about consent goes into the ledger, and the sender's batch is closed at once, so that the answer does not
wait for the window. The answer itself goes the way of every reply: see pipeline.py.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from batches import history
from batches.choices import Command, EventKind
from batches.closing import close_for
from batches.inbound.base import InboundSms
from batches.ingest_sql import Arrival, Joined
from batches.models import Channel, Message
from replies import consent
from replies.models import Consent, ConsentSource, ConsentState

log = logging.getLogger(__name__)

SAYS = {Command.STOP: ConsentState.OPTED_OUT, Command.START: ConsentState.OPTED_IN}
LINES = {
    Command.STOP: "OPTED OUT | From: %(sender)s | Channel: %(channel)s",
    Command.START: "OPTED IN | From: %(sender)s | Channel: %(channel)s",
    Command.HELP: "HELP ASKED | From: %(sender)s | Channel: %(channel)s",
}


def obey(channel: Channel, arrivals: Sequence[Arrival], joined: Mapping[str, Joined], actor: str) -> None:
    """Do what those of `arrivals` command that are commands; all were stored in the caller's transaction.

    Of several from one sender the last word on consent is the one that is answered.
    """
    by_sender: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.command:
            by_sender[arrival.sender.address].append(arrival)
    consent.lock(by_sender)
    ids = _message_ids(channel, [arrival for some in by_sender.values() for arrival in some])
    closing: dict[Command, list[int]] = defaultdict(list)
    for sender, commands in by_sender.items():
        if command := _obey_one(channel, commands, joined[sender], ids, actor):
            closing[command].append(joined[sender].batch_id)
    for command, batch_ids in closing.items():
        history.note(batch_ids, EventKind.COMMAND, actor, {"command": command.label})
        close_for(command, batch_ids, actor)


def _obey_one(
    channel: Channel, commands: Sequence[Arrival], batch: Joined, ids: Mapping[str, int], actor: str
) -> Command | None:
    """What one sender's batch is to be answered as; None where it is an ordinary conversation after all.

    Help is one who writes nothing else: behind "I can" it is the rest of the sentence.
    """
    said = [one for one in commands if one.command != Command.HELP and _say(channel, one, ids, actor)]
    asked = [one for one in commands if one.command == Command.HELP]
    alone = Command.HELP if len(asked) == batch.count else None
    command = said[-1].command if said else alone
    if command is not None:
        line = LINES[command]
        fields = {"sender": commands[0].sms.sender_raw, "channel": channel.slug, "batch": batch.batch_id}
        transaction.on_commit(lambda: log.info(line, fields))
    return command


def _say(channel: Channel, arrival: Arrival, ids: Mapping[str, int], actor: str) -> bool:
    """Write down an opt-out, or the opt-in of somebody who is opted out; whether it was one.

    START by anybody else is an answer like any other. One that waited in the spool does not undo a STOP that was said
    after it.
    """
    number, sms = arrival.sender.address, arrival.sms
    before = consent.newest(number, channel.id)
    is_out = before is not None and before.state == ConsentState.OPTED_OUT
    if arrival.command == Command.START and not (before and is_out and _came_after(sms, before)):
        return False
    consent.write(
        number=number,
        channel_id=consent.scope(channel.id),
        state=SAYS[Command(str(arrival.command))],
        changed=(arrival.command == Command.STOP) != is_out,
        source=ConsentSource.PROVIDER if sms.command else ConsentSource.KEYWORD,
        words=sms.text,
        actor=actor,
        message_id=ids[sms.provider_message_id],
        said_at=sms.received_at,
    )
    return True


def _came_after(sms: InboundSms, before: Consent) -> bool:
    return sms.received_at is None or sms.received_at >= before.said_at


def _message_ids(channel: Channel, arrivals: Iterable[Arrival]) -> dict[str, int]:
    guids = [arrival.sms.provider_message_id for arrival in arrivals]
    stored = Message.objects.filter(channel=channel, provider_message_id__in=guids)
    return dict(stored.values_list("provider_message_id", "id"))
