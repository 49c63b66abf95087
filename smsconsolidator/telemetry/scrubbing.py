"""What leaves for other services holds no text and no number of a person, no token and no key."""

from django.conf import settings

from batches.masking import mask_numbers
from smsconsolidator.secrecy import without_secrets


def scrub(text: str) -> str:
    """`text` without secrets, webhook tokens and phone numbers. It cannot tell what a person wrote: leave that out."""
    return mask_numbers(without_secrets(text, settings.ENV.secrets()))
