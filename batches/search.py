"""Finding a conversation by what an operator has at hand: a number in any spelling, or a GUID."""

from collections.abc import Iterable

from batches.models import Channel, Message
from batches.phones import normalise


def spellings(term: str) -> set[str]:
    """`term` as it was typed, and as the number that it is in the regions of the channels."""
    regions = {channel.number_region for channel in Channel.objects.all()}
    return {term, *(normalise(term, region).address for region in regions)}


def messages_with_guid(guid: str) -> Iterable[Message]:
    """The messages with exactly this GUID. Naming the channels makes it a look-up in their unique index."""
    return Message.objects.filter(channel__in=list(Channel.objects.all()), provider_message_id=guid)
