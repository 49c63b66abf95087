"""The words that a whole message may consist of to be a command; keywords.py reads them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from batches.choices import Command
from classification.folding import fold

LONGEST = 64  # letters and digits


class Keyword(models.Model):
    """One command word. A channel's own row comes before the one for every channel, also to switch it off there."""

    channel = models.ForeignKey(
        "batches.Channel",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="keywords",
        help_text="Empty: every channel.",
    )
    action = models.CharField(
        max_length=5,
        choices=Command,
        help_text="Opt in is heard from those who are opted out, from nobody else.",
    )
    word = models.CharField(
        max_length=LONGEST,
        help_text="The whole message; case, accents, spaces, marks and emoji do not matter.",
    )
    folded = models.CharField(max_length=LONGEST, editable=False)
    language = models.CharField(max_length=8, blank=True, help_text="For people: en, tl, es …")
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["action", "language", "word"]
        constraints = [
            models.CheckConstraint(condition=Q(action__in=Command.values), name="keyword_action_known"),
            models.UniqueConstraint(fields=["channel", "folded"], name="keyword_once_per_channel"),
            models.UniqueConstraint(
                fields=["folded"], condition=Q(channel=None), name="keyword_once_for_every_channel"
            ),
        ]

    def __str__(self) -> str:
        return self.word

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded = fold(self.word)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Raises ValidationError for a word without a letter or digit, and for one that is there already."""
        self.folded = fold(self.word)
        if not 0 < len(self.folded) <= LONGEST:
            raise ValidationError({"word": f"A keyword has 1 to {LONGEST} letters and digits."})
        same = Keyword.objects.filter(channel=self.channel, folded=self.folded).exclude(pk=self.pk)
        if there := same.first():
            raise ValidationError(
                {"word": f"It is there already: {there.word} ({there.get_action_display()})."}
            )


class ShippedKeyword(models.Model):
    """A word that came with the software, once: what an operator deletes does not come back."""

    folded = models.CharField(max_length=LONGEST, unique=True)

    def __str__(self) -> str:
        return self.folded
