"""Published rule sets: numbered, never changed, one of them live."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from classification.append_only import AppendOnly


class Origin(models.TextChoices):
    """Where a rule set came from."""

    SHIPPED = "shipped", "Shipped with the software"
    DRAFT = "draft", "Published from the draft"


class RuleSet(AppendOnly):
    """Categories, rules and lexicon as one document, as they were when they were published."""

    number = models.PositiveIntegerField(unique=True)
    document = models.JSONField(help_text="As engines/rules/document.py describes it.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the document.")
    origin = models.CharField(max_length=8, choices=Origin)
    note = models.TextField(blank=True)
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    scores = models.JSONField(
        default=dict, help_text="Its measures when it was published, beside those of the one then live."
    )
    override = models.TextField(
        "reason for the override", blank=True, help_text="Why it was published although it scored worse."
    )

    class Meta:
        ordering = ["-number"]
        permissions = [
            ("publish_ruleset", "Can publish a rule set and return to an earlier one"),
            ("override_ruleset", "Can publish a rule set that scores worse"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="ruleset_origin_known"),
        ]

    def __str__(self) -> str:
        return f"Rule set {self.number}"


class Activation(AppendOnly):
    """A rule set went live; the newest row tells which one is."""

    ruleset = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="activations")
    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=150, help_text="Who did it: a user's name, or migrate.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Rule set {self.ruleset_id} live"
