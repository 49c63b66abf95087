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


class Said(models.TextChoices):
    """The label of what holds nothing but a command to the service. No engine is asked, no category called so."""

    OPT_OUT = "opt_out", "Opted out"
    OPT_IN = "opt_in", "Opted in"
    HELP = "help", "Asked for help"


# Labels that are no categories, with their names.
NO_CATEGORIES: dict[str, str] = {Label.UNDECIDED.value: str(Label.UNDECIDED.label), **dict(Said.choices)}


class Meaning(models.TextChoices):
    """What a category counts as where only agreement and refusal matter: log lines, default replies, safety."""

    AGREE = "agree", "Agreement"
    DISAGREE = "disagree", "Refusal"
    NEUTRAL = "neutral", "Neither"
