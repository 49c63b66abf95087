"""Which channel a delivery is for, also while the database cannot be asked."""

from collections.abc import Callable

from batches.deadline import within
from batches.detour import detour
from batches.models import Channel
from classification.outage import disconnect, is_outage

DEFAULT = "default"
SECONDS = 2.5  # for the answer

_known: dict[str, Channel] = {}


class ChannelUnknown(Exception):
    """The database is away, and this process has never seen the channel."""


def remember(channel: Channel) -> None:
    """Know a channel that was read for another reason, should it be asked for while the database is away."""
    _known[channel.slug] = channel


def last_known(slug: str, look_up: Callable[[], Channel]) -> Channel:
    """What `look_up` finds; while the database is away, the channel as this process saw it last.

    The default channel is made on its first use, so it is known even to a process that has never seen it (and is not
    saved then). Raises ChannelUnknown for every other one, and what `look_up` raises for other reasons.
    """
    if not detour.away:
        try:
            with within(SECONDS):
                _known[slug] = look_up()
                return _known[slug]
        except Exception as error:
            if not is_outage(error):
                _known.pop(slug, None)
                raise
            detour.begin(away=True)
            disconnect()
    if slug in _known or slug == DEFAULT:
        return _known.get(slug) or Channel(slug=slug)
    raise ChannelUnknown(slug)
