"""The draft of the next rule set, as rows that people edit. Nothing here decides anything until it is published.

Each row mirrors one entry of the published document (engines/rules/document.py), which says what the fields mean.
"""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from classification.engines.rules.document import RULE_NAME, LexiconKind, Match, Strength
from classification.labels import SLUG_LENGTH, Meaning


class Category(models.Model):
    """What a conversation may mean, and what is answered to it."""

    slug = models.SlugField(max_length=SLUG_LENGTH, unique=True)
    name = models.CharField(max_length=64)
    meaning = models.TextField(help_text="In a sentence; the model is told so too.")
    counts_as = models.CharField(
        max_length=8,
        choices=Meaning,
        default=Meaning.NEUTRAL,
        help_text="Only what counts as agreement prints as AGREE and is answered as a confirmation.",
    )
    opposite = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="What a negator makes of it.",
    )
    priority = models.PositiveSmallIntegerField(
        default=50, help_text="Of several matters in one conversation, the lowest is answered."
    )
    reply = models.TextField(
        blank=True,
        help_text="The answer where no template fits; empty: SMS_AUTO_REPLY_TEXT, or a thank-you.",
    )
    mention = models.TextField(
        blank=True, help_text="A sentence added to the answer when this is the conversation's second matter."
    )
    is_default = models.BooleanField(default=False, help_text="What it is when nothing else fits.")
    enabled = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["priority", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_category"
            ),
            models.CheckConstraint(condition=Q(counts_as__in=Meaning.values), name="category_meaning_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
    """Patterns that say one category."""

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(RULE_NAME)],
        help_text="As the trace of a verdict names it.",
    )
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        help_text="Empty: these words say nothing and are taken out of play.",
    )
    language = models.CharField(max_length=8, blank=True, help_text="Empty: any.")
    match = models.CharField(max_length=12, choices=Match, default=Match.PHRASE)
    patterns = models.TextField(
        help_text="One a line: a|b either, (a) perhaps, a* any ending, @name a word of that class."
    )
    strength = models.CharField(max_length=12, choices=Strength, default=Strength.PHRASE)
    before = models.TextField(
        blank=True, help_text="Only at the end of a clause or before one of these words, one a line."
    )
    leads = models.BooleanField(default=False, help_text="Only where a clause begins.")
    in_questions = models.BooleanField(default=False, help_text="Counts in questions too.")
    enabled = models.BooleanField(default=True)
    should_match = models.TextField(blank=True, help_text="Texts, one a line, that it must fit.")
    should_not_match = models.TextField(blank=True, help_text="Texts, one a line, that it must not fit.")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(match__in=Match.values), name="rule_match_known"),
            models.CheckConstraint(condition=Q(strength__in=Strength.values), name="rule_strength_known"),
        ]

    def __str__(self) -> str:
        return self.name


class LexiconEntry(models.Model):
    """A word that the rules know, and what it does."""

    kind = models.CharField(max_length=12, choices=LexiconKind)
    language = models.CharField(max_length=8, blank=True, help_text="Empty: any.")
    term = models.CharField("word", max_length=64)
    becomes = models.CharField(
        max_length=64,
        blank=True,
        help_text="For spellings and short forms what they stand for, for members of classes the classes.",
    )

    class Meta:
        verbose_name_plural = "lexicon"
        ordering = ["kind", "language", "term"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language", "term"], name="one_lexicon_entry"),
            models.CheckConstraint(condition=Q(kind__in=LexiconKind.values), name="lexicon_kind_known"),
        ]

    def __str__(self) -> str:
        return self.term
