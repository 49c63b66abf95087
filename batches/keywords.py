"""Which command a message is, if it is one: looked up in memory, for every message that comes in."""

from collections.abc import Mapping
from dataclasses import dataclass

from batches.choices import Command
from batches.models.keyword import LONGEST, Keyword
from classification.believed import believed
from classification.folding import fold

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


@believed("The keywords", BELIEVED)
def live() -> Keywords:
    """The words in force, at most BELIEVED seconds old; while the database is away, the ones that were.

    As long as this process knows none it raises what the database raises.
    """
    common: dict[str, Command | None] = {}
    own: dict[int, dict[str, Command | None]] = {}
    rows = Keyword.objects.order_by().values_list("channel_id", "folded", "action", "enabled")
    for channel_id, folded, action, enabled in rows:
        words = common if channel_id is None else own.setdefault(channel_id, {})
        words[folded] = Command(action) if enabled else None
    return Keywords(common, own)
