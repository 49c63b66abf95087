"""What is said to a category of conversations, in one language, on one channel or on all; and all that it ever was."""

from datetime import UTC
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from simple_history.models import HistoricalRecords

from classification.engines.rules.document import MAX_MENTION
from classification.labels import SLUG_LENGTH, Said
from replies import languages, wording

MAX_TEXT = 1600  # characters, as for a category's own reply


class Template(models.Model):
    """One wording. Several for the same category, channel and language take turns.

    What is sent is what the newest row of the history says, so that every reply can name the version it was made of.
    """

    category = models.CharField(
        max_length=SLUG_LENGTH, help_text="What a conversation must be taken for, or what it commands."
    )
    channel = models.ForeignKey(
        "batches.Channel",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="templates",
        help_text="Empty: every channel.",
    )
    language = models.CharField(
        max_length=languages.LONGEST, blank=True, help_text=f"Empty: any. {languages.HELP}"
    )
    text = models.TextField(
        validators=[MaxLengthValidator(MAX_TEXT)],
        help_text=f"May hold {wording.KNOWN}. One with {{name}} is used for senders whose name is known.",
    )
    mention = models.TextField(
        blank=True,
        default="",
        db_default="",
        validators=[MaxLengthValidator(MAX_MENTION)],
        help_text="Added to the answer when this is the conversation's second matter. Empty: the category's own.",
    )
    gsm_safe = models.BooleanField(
        "make it GSM-safe",
        null=True,
        blank=True,
        help_text="Replaces quotes, dashes, accents and the like that make a whole reply travel in UCS-2.",
    )
    enabled = models.BooleanField(default=True)

    history: Any = HistoricalRecords()

    class Meta:
        ordering = ["category", "language", "id"]

    def __str__(self) -> str:
        return f"Template {self.pk}"

    def clean(self) -> None:
        """Brings the language into the form that is stored. Raises ValidationError, by field."""
        problems: dict[str, str] = {}
        for field, check in (
            ("language", self._check_language),
            ("text", self._check_text),
            ("mention", self._check_mention),
        ):
            try:
                check()
            except ValueError as error:
                problems[field] = str(error)
        if problems:
            raise ValidationError(problems)

    def _check_language(self) -> None:
        self.language = languages.language_code(self.language)

    def _check_text(self) -> None:
        wording.variables(self.text)

    def _check_mention(self) -> None:
        wording.variables(self.mention)
        if self.mention and self.category in Said:
            raise ValueError("A command is answered by itself, and never a second matter.")


def told(version: Any) -> str:
    """How a version of a template is called: its template, and when it was saved (UTC)."""
    return f"Template {version.id}, as saved {version.history_date.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
