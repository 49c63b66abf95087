"""What do we say?"""

from django.conf import settings

from classification.labels import Label

THANKS_FOR_CONFIRMING = "Thanks for confirming! See you soon."
THANKS_FOR_REPLYING = "Thank you for replying."


def reply_text(label: str) -> str:
    """The reply's text: the operator's own (SMS_AUTO_REPLY_TEXT), else the one for this label."""
    default = THANKS_FOR_CONFIRMING if label == Label.AGREE else THANKS_FOR_REPLYING
    return str(settings.SMS_AUTO_REPLY_TEXT or default)
