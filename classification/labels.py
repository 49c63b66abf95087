"""What a conversation can mean."""

from django.db import models


class Label(models.TextChoices):
    """The verdict on one batch.

    UNDECIDED means that no engine could give a verdict (an outage is not an answer); no engine returns it.
    """

    AGREE = "agree", "Agree"
    DISAGREE = "disagree", "Disagree"
    NEUTRAL = "neutral", "Neutral"
    UNDECIDED = "undecided", "Undecided"
