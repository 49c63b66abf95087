"""What one sender wants, or what we want for that sender: read with every batch, written by people and the API."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Q

from batches.choices import SenderKind
from batches.phones import normalise
from replies import languages

LONGEST_WINDOW = 900  # seconds
MAX_NAME, MAX_NOTES = 64, 2000  # characters


class SenderPreference(models.Model):
    """One number's own settings, on every channel. A row that says nothing changes nothing."""

    number = models.CharField(max_length=32, unique=True, help_text="With its country: +639171234567.")
    name = models.CharField(
        max_length=MAX_NAME, blank=True, db_default="", default="", help_text="As templates write it: {name}."
    )
    language = models.CharField(
        max_length=languages.LONGEST, blank=True, db_default="", default="", help_text=languages.HELP
    )
    window_seconds = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_WINDOW)],
        help_text=f"Seconds from a batch's first message, up to {LONGEST_WINDOW}; 0: what comes is "
        "answered at once. Empty: as the channel says. Holds from the next batch on.",
    )
    no_auto_replies = models.BooleanField(
        "no automatic replies",
        db_default=False,
        default=False,
        help_text="Batches are read and recorded; nothing is sent.",
    )
    is_vip = models.BooleanField(
        "VIP",
        db_default=False,
        default=False,
        help_text="Replies wait for a person, who sees the batch in the review.",
    )
    notes = models.TextField(
        max_length=MAX_NOTES,
        validators=[MaxLengthValidator(MAX_NOTES)],
        blank=True,
        db_default="",
        default="",
        help_text="For operators; never sent.",
    )
    updated_at = models.DateTimeField("changed", auto_now=True)

    class Meta:
        verbose_name = "sender"
        ordering = ["number"]
        permissions = [
            ("import_senderpreference", "Can import senders' preferences from a file"),
            ("export_senderpreference", "Can export senders' preferences"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(window_seconds=None) | Q(window_seconds__lte=LONGEST_WINDOW),
                name="sender_window_in_bounds",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.number

    def clean(self) -> None:
        """Brings number, language, name and notes into the form that is stored. Raises ValidationError, by field."""
        problems: dict[str, ValidationError] = {}
        for field, stored in STORED.items():
            try:
                setattr(self, field, stored(getattr(self, field)))
            except ValidationError as error:
                problems[field] = error
        if problems:
            raise ValidationError(problems)


def _number(text: str) -> str:
    sender = normalise(text, settings.DEFAULT_REGION)
    if sender.kind != SenderKind.NUMBER:
        raise ValidationError("This is no phone number. Write it with its country, like +639171234567.")
    return sender.address


def _language(text: str) -> str:
    try:
        return languages.language_code(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _name(text: str) -> str:
    if not text.isprintable():
        raise ValidationError("A name is one line of letters, digits and marks that can be seen.")
    return text.strip()


def _notes(text: str) -> str:
    """Browsers send line ends as CRLF: stored as they came, the same notes would look changed."""
    if "\0" in text:
        raise ValidationError("It holds a NUL, which cannot be stored.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


# How what people write becomes what is stored, by field; raises ValidationError.
STORED: dict[str, Callable[[str], str]] = {
    "number": _number,
    "language": _language,
    "name": _name,
    "notes": _notes,
}
