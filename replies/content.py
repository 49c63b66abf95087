"""What do we say?"""

from collections.abc import Iterator, Sequence

from django.conf import settings

from classification.engines.rules.document import CategoryEntry
from classification.labels import Meaning
from classification.rulesets.live import live
from replies.models import ReplyKind
from replies.policy import too_long
from replies.segments import count

THANKS_FOR_CONFIRMING = "Thanks for confirming! See you soon."
THANKS_FOR_REPLYING = "Thank you for replying."


def command_text(kind: ReplyKind) -> str:
    """What a command is answered: the operator's words (OPT_OUT_TEXT, OPT_IN_TEXT, HELP_TEXT)."""
    texts = {
        ReplyKind.STOP: settings.OPT_OUT_TEXT,
        ReplyKind.START: settings.OPT_IN_TEXT,
        ReplyKind.HELP: settings.HELP_TEXT,
    }
    return str(texts[kind])


def reply_text(label: str, also: Sequence[str] = ()) -> str:
    """The reply's text: the category's own, else the operator's for all (SMS_AUTO_REPLY_TEXT), else a thank-you.

    `also` holds the labels of the conversation's further matters, which may add a sentence each.
    """
    rules = live()
    category = rules.category(label)
    default = THANKS_FOR_CONFIRMING if rules.counts_as(label) == Meaning.AGREE else THANKS_FOR_REPLYING
    text = (category.reply if category else "") or settings.SMS_AUTO_REPLY_TEXT or default
    others = (rules.category(other) for other in also if other != label)
    mentions = dict.fromkeys(other.mention for other in others if other and other.mention)
    return " ".join([text, *mentions])


def objections(category: CategoryEntry) -> Iterator[tuple[str, str]]:
    """Field and sentence for each of a category's texts that is too long to be sent."""
    for field, text in (("reply", category.reply), ("mention", category.mention)):
        if problem := too_long(count(text).segments):
            yield field, problem
