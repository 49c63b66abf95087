"""What leaves for other services holds no text and no number of a person, no token and no key."""

from django.conf import settings

from batches.credentials import revealed
from batches.masking import mask_numbers
from batches.tokens import HIDDEN, hide_tokens


def scrub(text: str) -> str:
    """`text` without secrets, webhook tokens and phone numbers. It cannot tell what a person wrote: leave that out."""
    for secret in sorted({*settings.ENV.secrets(), *revealed()}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return mask_numbers(hide_tokens(text))
