"""What a channel says about replies, and the numbers that are ours."""

from batches.models import Batch, Channel
from classification.believed import believed
from replies.case import Terms
from replies.conversation import Conversation
from replies.occasion import Occasion
from replies.senders.base import Account

BELIEVED = 2.0  # seconds for which a process believes what it has read


def terms_of(channel: Channel) -> Terms:
    """The channel's terms, and its own over the settings'."""
    return Terms(
        enabled=channel.replies_enabled,
        region=channel.number_region,
        own_numbers=own_numbers(),
        short_codes=channel.answer_short_codes,
        provider_confirms=channel.provider_confirms_stop,
        quiet=channel.quiet_hours,
        voice=channel.voice,
    )


@believed("Our own numbers", BELIEVED)
def own_numbers() -> frozenset[str]:
    """The numbers of every channel (E.164), at most BELIEVED seconds old."""
    written = Channel.objects.exclude(own_numbers="").values_list("own_numbers", flat=True)
    return frozenset(number for one in written for number in one.split())


def conversation_of(batch: Batch, account: Account, about: Occasion, when_stale: str = "") -> Conversation:
    """The batch as its reply needs it. `account` is its channel's."""
    return Conversation(
        batch.id,
        batch.channel_id,
        batch.sender,
        batch.sender_kind,
        terms=terms_of(batch.channel),
        account=account,
        addressee=about.addressee,
        language=about.language,
        count=about.count,
        when_stale=when_stale,
    )
