"""What a conversation can mean."""

from django.db import models

SLUG_LENGTH = 32


class Label(models.TextChoices):
    """The categories that every installation begins with, and the verdict of nobody.

    UNDECIDED means that no engine could give a verdict (an outage is not an answer); no engine returns it, and no
    category may be called so.
    """

    AGREE = "agree", "Agree"
    DISAGREE = "disagree", "Disagree"
    NEUTRAL = "neutral", "Neutral"
    UNDECIDED = "undecided", "Undecided"


class Meaning(models.TextChoices):
    """What a category counts as where only agreement and refusal matter: log lines, default replies, safety."""

    AGREE = "agree", "Agreement"
    DISAGREE = "disagree", "Refusal"
    NEUTRAL = "neutral", "Neither"
