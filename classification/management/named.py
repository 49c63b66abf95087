"""What a command's options name."""

from django.core.management.base import CommandError

from classification.evaluation import running
from classification.models import RuleSet
from classification.rulesets.live import Live
from classification.rulesets.store import Unreadable


def ruleset(number: int | None) -> Live:
    """The rule set of this number, the live one where none is named. Raises CommandError where it cannot be used."""
    try:
        return running.ruleset(number)
    except RuleSet.DoesNotExist:
        raise CommandError(f"there is no rule set {number}") from None
    except Unreadable as problem:
        raise CommandError(str(problem)) from None
