"""The record of every verdict, and of what people said of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from classification.append_only import AppendOnly
from classification.labels import SLUG_LENGTH

QUESTION_LENGTH = 500


class ReviewReason(models.TextChoices):
    """Why a person should look at a verdict."""

    NONE = "", "–"
    NOT_SURE = "not_sure", "The rules are not sure"
    DISAGREEMENT = "disagreement", "Rules and model disagree"
    INJECTION = "injection", "Written to steer the model"
    OPT_OUT = "opt_out", "Sounds like an opt-out"
    VIP = "vip", "From a VIP"
    SAMPLE = "sample", "Random sample"


class Classification(AppendOnly):
    """One verdict on one batch, with how it came about. Never changed: a later verdict is a row of its own."""

    batch = models.ForeignKey("batches.Batch", on_delete=models.PROTECT, related_name="classifications")
    created_at = models.DateTimeField(auto_now_add=True)
    label = models.CharField(max_length=SLUG_LENGTH, help_text="The category's slug, or undecided.")
    engine = models.CharField(
        max_length=16, blank=True, help_text="The engine that decided; empty: none could."
    )
    model = models.CharField(max_length=128, blank=True, help_text="The model that the engine says it used.")
    ruleset = models.ForeignKey(
        "RuleSet",
        null=True,
        on_delete=models.PROTECT,
        related_name="classifications",
        db_index=False,
        help_text="The rule set that was live: its categories are what could be answered.",
    )
    confidence = models.FloatField(null=True, help_text="0 to 1, where the engine gives one.")
    matters = models.JSONField(
        default=list, help_text="Every matter that the conversation holds, the answered one first."
    )
    other_engine = models.CharField(
        max_length=16, blank=True, help_text="An engine that was heard as well and did not decide."
    )
    other_label = models.CharField(max_length=SLUG_LENGTH, blank=True, help_text="What that one says.")
    review = models.CharField(
        max_length=16,
        choices=ReviewReason,
        blank=True,
        help_text="Why a person should look at it; empty: no need.",
    )
    question = models.CharField(
        max_length=QUESTION_LENGTH, blank=True, help_text="What people were asked, where that is known."
    )
    latency_ms = models.PositiveIntegerField(help_text="Milliseconds that the deciding engine took.")
    input_tokens = models.PositiveIntegerField(null=True, help_text="Billed, failed attempts included.")
    output_tokens = models.PositiveIntegerField(null=True, help_text="Billed, failed attempts included.")
    cost = models.DecimalField(
        max_digits=14,
        decimal_places=8,
        null=True,
        help_text="US dollars, by the price table of that day; empty: no price is known.",
    )
    error = models.TextField(blank=True, help_text="What the engines that failed said.")
    fallback_reason = models.TextField(
        blank=True, help_text="Why an engine further up the list did not decide."
    )
    trace = models.JSONField(default=dict, help_text="Why the engine decided so.")
    attempts = models.JSONField(default=list, help_text="Every engine that was tried, in order.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at"], name="classification_created_at"),
            models.Index(fields=["id"], condition=~Q(review=""), name="classification_to_review"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(label=""), name="classification_has_label"),
            models.CheckConstraint(
                condition=Q(review__in=ReviewReason.values), name="classification_review_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.engine or 'no engine'})"


class Split(models.TextChoices):
    """Which half of the corrections one belongs to: all of one sender's are in the same."""

    TRAIN = "train", "Training"
    EVAL = "eval", "Evaluation"


class Correction(AppendOnly):
    """What a person says a conversation means, beside the machine's verdict; the same label confirms it."""

    classification = models.ForeignKey(Classification, on_delete=models.PROTECT, related_name="corrections")
    at = models.DateTimeField(auto_now_add=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(help_text="The conversation as the reviewer saw it.")
    question = models.CharField(max_length=QUESTION_LENGTH, blank=True)
    text_key = models.CharField(
        max_length=64, db_index=True, help_text="The same for equal texts with the same question."
    )
    predicted = models.CharField(max_length=SLUG_LENGTH, help_text="What the machine said.")
    corrected = models.CharField(max_length=SLUG_LENGTH, help_text="What the person says.")
    split = models.CharField(max_length=5, choices=Split)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["classification", "reviewer"], name="one_correction_per_reviewer"
            ),
            models.CheckConstraint(condition=Q(split__in=Split.values), name="correction_split_known"),
        ]

    def __str__(self) -> str:
        return f"{self.predicted} → {self.corrected}"
