"""Which command a message is, if it is one: looked up in memory, for every message that comes in."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from django.db import DatabaseError, InterfaceError

from batches.choices import Command
from batches.models.keyword import LONGEST, Keyword
from classification.folding import fold

log = logging.getLogger(__name__)

# Seconds for which a process believes what it has read.
BELIEVED = 2.0
MAX_CHARACTERS = 4 * LONGEST  # of a message that may be a command, marks and emoji included

Vocabulary = Mapping[str, Command | None]  # by folded word; None: switched off


@dataclass(frozen=True)
class Keywords:
    """Every channel's words, as the database had them."""

    common: Vocabulary
    own: Mapping[int, Vocabulary]  # by channel

    def of(self, channel_id: int) -> Mapping[str, Command]:
        """The words that are heard on a channel."""
        heard = {**self.common, **self.own.get(channel_id, {})}
        return {word: command for word, command in heard.items() if command}

    def command(self, channel_id: int, text: str) -> Command | None:
        """What this message commands when all of it is one of the channel's words."""
        text = text.strip()
        if not text or len(text) > MAX_CHARACTERS:
            return None
        word, own = fold(text), self.own.get(channel_id, {})
        return own[word] if word in own else self.common.get(word)


@dataclass(frozen=True)
class _Known:
    keywords: Keywords
    read_at: float


# Replaced whole, and without a lock: two threads that look at the same time read the same thing twice.
_known: _Known | None = None


def live() -> Keywords:
    """The words in force, at most BELIEVED seconds old; while the database is away, the ones that were.

    As long as this process knows none it raises what the database raises.
    """
    global _known
    known = _known
    if known is None:
        return _remember(_read())
    if monotonic() - known.read_at < BELIEVED:
        return known.keywords
    _remember(known.keywords)  # other threads need not look as well, nor this one again if it fails
    try:
        return _remember(_read())
    except (DatabaseError, InterfaceError) as error:
        log.warning("The keywords cannot be read: %(error)s", {"error": type(error).__name__})
        return known.keywords


def forget() -> None:
    """Read them anew."""
    global _known
    _known = None


def _remember(keywords: Keywords) -> Keywords:
    global _known
    _known = _Known(keywords, monotonic())
    return keywords


def _read() -> Keywords:
    common: dict[str, Command | None] = {}
    own: dict[int, dict[str, Command | None]] = {}
    rows = Keyword.objects.order_by().values_list("channel_id", "folded", "action", "enabled")
    for channel_id, folded, action, enabled in rows:
        words = common if channel_id is None else own.setdefault(channel_id, {})
        words[folded] = Command(action) if enabled else None
    return Keywords(common, own)
