"""What do we say?

A template where one fits (choosing.py); else the category's own reply of the rule set; else the operator's for all
(SMS_AUTO_REPLY_TEXT), or a thank-you.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from classification import naming
from classification.engines.rules.document import CategoryEntry
from classification.labels import Meaning, Said
from classification.rulesets.live import live
from replies import choosing, wording
from replies.choosing import Version
from replies.models import ReplyKind
from replies.occasion import Occasion
from replies.policy import too_long
from replies.segments import count, gsm_safe

THANKS_FOR_CONFIRMING = "Thanks for confirming! See you soon."
THANKS_FOR_REPLYING = "Thank you for replying."
COMMANDED = {ReplyKind.STOP: Said.OPT_OUT, ReplyKind.START: Said.OPT_IN, ReplyKind.HELP: Said.HELP}


@dataclass(frozen=True)
class Content:
    """A reply's text, the template's version that it was made of (None: none), and what was done to it.

    `made_gsm_safe`: characters were replaced, because template or channel say so.
    """

    body: str
    version_id: int | None = None
    made_gsm_safe: bool = False


def reply(
    label: str, occasion: Occasion, *, channel_id: int | None = None, turn: int = 0, also: Sequence[str] = ()
) -> Content:
    """What a conversation is answered. `turn` decides among wordings that take turns.

    `also` holds the labels of the conversation's further matters, which may add a sentence each.
    """
    version = choosing.choose(choosing.live(), label, channel_id, occasion, turn)
    text = _filled(version, occasion) if version else _without_template(label)
    others = [other for other in dict.fromkeys(also) if other != label]
    mentions = [_mention(other, occasion, channel_id, turn) for other in others]
    return _finished(" ".join(filter(None, [text, *dict.fromkeys(mentions)])), version, occasion)


def answer(kind: ReplyKind, occasion: Occasion, *, channel_id: int | None = None, turn: int = 0) -> Content:
    """What a command is answered: a template, else OPT_OUT_TEXT, OPT_IN_TEXT or HELP_TEXT."""
    texts = {
        ReplyKind.STOP: settings.OPT_OUT_TEXT,
        ReplyKind.START: settings.OPT_IN_TEXT,
        ReplyKind.HELP: settings.HELP_TEXT,
    }
    version = choosing.choose(choosing.live(), COMMANDED[kind], channel_id, occasion, turn)
    text = _filled(version, occasion) if version else str(texts[kind])
    return _finished(text, version, occasion)


def preview(draft: Version, occasion: Occasion) -> Content:
    """What would be sent if `draft` were chosen. Raises ValueError for a text that cannot be filled."""
    return _finished(_filled(draft, occasion), draft, occasion)


def objections(category: CategoryEntry) -> Iterator[tuple[str, str]]:
    """Field and sentence for each of a category's texts that is too long to be sent."""
    for field, text in (("reply", category.reply), ("mention", category.mention)):
        if problem := too_long(count(text).segments):
            yield field, problem


def _filled(version: Version, occasion: Occasion) -> str:
    """With its variables replaced. Times are in PROVIDER_TIME_ZONE."""
    now = timezone.now().astimezone(ZoneInfo(settings.PROVIDER_TIME_ZONE))
    values = {
        "name": occasion.addressee.name,
        "category": naming.name_of(version.category),
        "channel": occasion.voice.name,
        "count": str(occasion.count),
        "date": f"{now.day} {now:%b %Y}",
        "time": f"{now:%H:%M}",
    }
    return wording.fill(version.text, values)


def _without_template(label: str) -> str:
    """The category's own reply, else the operator's for all, else a thank-you."""
    rules = live()
    category = rules.category(label)
    default = THANKS_FOR_CONFIRMING if rules.counts_as(label) == Meaning.AGREE else THANKS_FOR_REPLYING
    return (category.reply if category else "") or settings.SMS_AUTO_REPLY_TEXT or default


def _mention(label: str, occasion: Occasion, channel_id: int | None, turn: int) -> str:
    """The sentence for a further matter: a template's, chosen as for an answer, else the category's own, or none."""
    sentences = [version.as_mention for version in choosing.live() if version.mention]
    if version := choosing.choose(sentences, label, channel_id, occasion, turn):
        return _filled(version, occasion)
    category = live().category(label)
    return category.mention if category else ""


def _finished(text: str, version: Version | None, occasion: Occasion) -> Content:
    """`text` as it is sent: made GSM-safe where the template says so, or says nothing and the channel does."""
    own = version.gsm_safe if version else None
    wanted = occasion.voice.gsm_safe if own is None else own
    body = gsm_safe(text) if wanted else text
    return Content(body, version.id if version else None, body != text)
