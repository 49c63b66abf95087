"""Which template answers a conversation: looked up in memory, as every conversation asks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Max

from classification.believed import believed
from replies import wording
from replies.occasion import Occasion
from replies.template_rows import Template

log = logging.getLogger(__name__)

# Seconds for which a process believes what it has read.
BELIEVED = 2.0


@dataclass(frozen=True)
class Version:
    """A template as it was saved last. `id` is the history's row."""

    id: int
    template_id: int
    category: str
    channel_id: int | None
    language: str
    text: str
    gsm_safe: bool | None
    mention: str = ""
    needs_name: bool = False

    @property
    def as_mention(self) -> "Version":
        """The same with the sentence for a second matter as its text."""
        return replace(self, text=self.mention, needs_name="name" in wording.variables(self.mention))


Rank = tuple[int, int, int]


def choose(
    versions: Sequence[Version], label: str, channel_id: int | None, occasion: Occasion, turn: int
) -> Version | None:
    """The one that answers; None where there is none. Equally good ones take turns, by `turn`.

    The sender's own language comes first, wherever it is spoken; then what is the channel's own; then what holds for
    every channel; of these what is in the language of the texts, else in the channel's, else in any.
    """
    ranked = [
        (rank, one) for one in versions if (rank := _rank(one, label, channel_id, occasion)) is not None
    ]
    if not ranked:
        return None
    best = min(rank for rank, _ in ranked)
    equal = [one for rank, one in ranked if rank == best]
    return equal[turn % len(equal)]


def _rank(one: Version, label: str, channel_id: int | None, occasion: Occasion) -> Rank | None:
    """The lower, the better; None for one that does not fit."""
    if one.category != label or one.channel_id not in (None, channel_id):
        return None
    if one.needs_name and not occasion.addressee.name:
        return None
    everywhere = int(one.channel_id is None)
    if one.language and one.language == occasion.addressee.language:
        return 0, everywhere, 0
    if one.language not in occasion.languages:
        return None
    return 1, everywhere, occasion.languages.index(one.language)


@believed("The templates", BELIEVED)
def live() -> Sequence[Version]:
    """The templates in use, at most BELIEVED seconds old; while the database is away, the ones that were.

    What cannot be used is left out: nobody else checks what was written past the forms. As long as this process knows
    none it raises what the database raises.
    """
    every = Template.history.order_by()
    newest = every.values("id").annotate(newest=Max("history_id")).values("newest")
    used = every.filter(history_id__in=newest, enabled=True).exclude(history_type="-").order_by("id")
    columns = ("history_id", "id", "category", "channel_id", "language", "text", "gsm_safe", "mention")
    return [version for row in used.values_list(*columns) if (version := _usable(Version(*row)))]


def _usable(one: Version) -> Version | None:
    try:
        wording.variables(one.mention)
        return replace(one, needs_name="name" in wording.variables(one.text))
    except ValueError as error:
        fields = {"template": one.template_id, "error": str(error)}
        log.error("Template %(template)s is not used: %(error)s", fields)
        return None
