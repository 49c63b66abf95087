"""Taking one number out of the record because its holder asks for it.

Texts are emptied and the number is replaced by a keyed pseudonym: counts, the order of things and every constraint
stay. The ledger of consent keeps its rows under the pseudonym and goes on being asked (see replies/consent.py):
whoever has opted out must not be written to because he was forgotten.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet

from batches.choices import SETTLED, SenderKind
from batches.models import Batch, BatchEvent, Channel, Message, RejectedDelivery, SenderPreference, Takeover
from batches.phones import normalise
from batches.retention.inventory import PLACES
from batches.retention.rows import blank, change, lock_settled, of
from batches.search import spellings
from batches.spool import ALL, Entry, here
from classification.models import Usage
from classification.pseudonym import pseudonym
from classification.usage import sender_scope
from replies import consent
from replies.models import Consent, ConsentSource, ConsentState, Mute

CHUNK = 200
SHORTEST = 7  # digits by which a number is looked for in foreign text
# What stands between digits as people write numbers; a form has + for a space, and codes for the rest.
BETWEEN = "(?:[ ().+/-]|%2[089BDFbdf]){0,3}"
BY = "erase_number"


class Ambiguous(ValueError):
    """It could be two people's number; the message names both."""


@dataclass
class Traces:
    """What there is of a number. `open` are conversations that are not settled, and texts in this machine's spool."""

    number: str
    names: set[str]
    batches: list[int] = field(default_factory=list)
    messages: int = 0
    open: int = 0
    consents: int = 0
    preferences: int = 0
    rejected: int = 0
    takeovers: int = 0
    logged: int = 0
    counted: int = 0
    spooled: int = 0

    @property
    def found(self) -> bool:
        return any(self.as_dict().values())

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        counts = vars(self) | {"batches": len(self.batches)}
        return {name: value for name, value in counts.items() if name not in ("number", "names")}


def traces(term: str) -> Traces:
    """All of a number, in any spelling that a channel reads as the same one. Raises Ambiguous and SpoolUnavailable."""
    names = spellings(term.strip())
    number = _canonical(term.strip(), names)
    names.add(number)
    rows = Batch.objects.filter(sender__in=names)
    settled = rows.filter(status__in=SETTLED)
    chosen = _in_spool(names, number)
    return Traces(
        number=number,
        names=names,
        batches=list(settled.order_by("id").values_list("id", flat=True)),
        messages=Message.objects.filter(batch__in=settled.values("id")).count(),
        open=rows.exclude(status__in=SETTLED).count() + sum(map(chosen, here().first(ALL))),
        consents=Consent.objects.filter(number__in=names).count(),
        preferences=SenderPreference.objects.filter(number__in=names).count(),
        rejected=_rejected(number).count(),
        takeovers=Takeover.objects.filter(sender__in=names).count(),
        logged=_logged(names, number).count(),
        counted=Mute.objects.filter(number__in=names).count() + _counted(names).count(),
        spooled=sum(map(chosen, here().failed(ALL))),
    )


def erase(found: Traces) -> Iterator[int]:
    """Erase them, and give after each transaction how many batches it were. What is `open` stays as it is."""
    stand_in = pseudonym(found.number)
    for start in range(0, len(found.batches), CHUNK):
        with transaction.atomic():
            locked = lock_settled(found.batches[start : start + CHUNK])
            blank(locked)
            _rename(locked, found, stand_in)
        yield len(locked)
    with transaction.atomic():
        _erase_beside(found, stand_in)
    here().forget_some(_in_spool(found.names, found.number))


def _canonical(term: str, names: Collection[str]) -> str:
    """The one that rows call it by: the number in E.164, else the name as it was given."""
    numbers = {
        normalise(name, "ZZ").address for name in names if normalise(name, "ZZ").kind == SenderKind.NUMBER
    }
    if len(numbers) > 1:
        raise Ambiguous(f"{term} is a number in more than one country: {', '.join(sorted(numbers))}")
    return numbers.pop() if numbers else term


def _rename(ids: Collection[int], found: Traces, stand_in: str) -> None:
    for place in PLACES:
        change(of(place, ids), **dict.fromkeys(place.numbers, stand_in))
    digits = _digits(found.number)
    for message in (
        Message.objects.filter(batch__in=ids, provider_message_id__contains=digits) if digits else ()
    ):
        _rename_id(message)


def _rename_id(message: Message) -> None:
    """A gateway may make its ids out of numbers; the batch's history names them, too."""
    old, new = message.provider_message_id, pseudonym(message.provider_message_id)
    Message.objects.filter(pk=message.pk).update(provider_message_id=new)
    for event in BatchEvent.objects.filter(batch_id=message.batch_id):
        if old in event.data.get("messages", []):
            guids = [new if guid == old else guid for guid in event.data["messages"]]
            change(BatchEvent.objects.filter(pk=event.pk), data={**event.data, "messages": guids})


def _erase_beside(found: Traces, stand_in: str) -> None:
    consent.lock([found.number])
    preferences = SenderPreference.objects.filter(number__in=found.names)
    if preferences.filter(no_auto_replies=True).exists():
        _stay_silent(found.number)
    _logged(found.names, found.number).update(object_repr="", change_message="")
    preferences.delete()
    Mute.objects.filter(number__in=found.names).delete()
    _counted(found.names).delete()
    Takeover.objects.filter(sender__in=found.names).update(sender=stand_in, note="")
    change(Consent.objects.filter(number__in=found.names), number=stand_in, words="")
    _rejected(found.number).update(body="", errors=[])


def _stay_silent(number: str) -> None:
    """Somebody here had decided that this number gets no replies: that outlives the row that said so."""
    consent.write(
        number=number,
        channel_id=None,
        state=ConsentState.OPTED_OUT,
        changed=True,
        source=ConsentSource.ADMIN,
        words="",
        actor=BY,
    )


def _rejected(number: str) -> QuerySet[RejectedDelivery]:
    words = _words(number)
    return RejectedDelivery.objects.filter(body__regex=words) if words else RejectedDelivery.objects.none()


def _in_spool(names: Collection[str], number: str) -> Callable[[Entry], bool]:
    """Says of an entry whether it is the number's, or quotes it. A name alone is no quotation: others may write it."""
    regions = {channel.slug: channel.number_region for channel in Channel.objects.all()}
    words, digits = _words(number), _digits(number)

    def chosen(entry: Entry) -> bool:
        quoted = bool(words and re.search(words, entry.raw))
        try:
            raw = entry.message().sender_raw
        except ValueError:  # another version has written it
            return quoted
        region = regions.get(entry.channel, settings.DEFAULT_REGION)
        return normalise(raw, region).address in names or bool(digits and quoted)

    return chosen


def _words(number: str) -> str:
    """An expression, for Python and PostgreSQL, that finds a number in any spelling, and a name or short code as a
    word, in foreign text. Empty where there is nothing to look for.
    """
    if digits := _digits(number):
        return BETWEEN.join(digits)
    return rf"(?<!\w){re.escape(number)}(?!\w)" if any(map(str.isalnum, number)) else ""


def _logged(names: Collection[str], number: str) -> QuerySet[LogEntry]:
    """What the admin's log says of it: rows about its preferences, and rows that quote it."""
    kind = ContentType.objects.get_for_model(SenderPreference)
    ids = [str(pk) for pk in SenderPreference.objects.filter(number__in=names).values_list("pk", flat=True)]
    rows = Q(content_type=kind, object_id__in=ids)
    if digits := _digits(number):
        rows |= Q(object_repr__contains=digits) | Q(change_message__contains=digits)
    return LogEntry.objects.filter(rows).exclude(object_repr="", change_message="")


def _counted(names: Collection[str]) -> QuerySet[Usage]:
    """What is counted against the limits of replies to it."""
    channels = list(Channel.objects.values_list("id", flat=True))
    return Usage.objects.filter(
        scope__in=[sender_scope(channel, name) for channel in channels for name in names]
    )


def _digits(number: str) -> str:
    """The digits with which every spelling of the number ends; empty where they could be anybody's."""
    try:
        national = phonenumbers.national_significant_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return ""
    return national if len(national) >= SHORTEST else ""
