"""The tables of this application, by what they are about."""

from classification.models.circuits import Circuit, CircuitState
from classification.models.drafts import Category, LexiconEntry, Rule
from classification.models.limits import Ceiling, Meter, Period, Usage
from classification.models.prices import Price
from classification.models.record import Classification, Correction, ReviewReason, Split
from classification.models.rulesets import Activation, Origin, RuleSet

__all__ = [
    "Activation",
    "Category",
    "Ceiling",
    "Circuit",
    "CircuitState",
    "Classification",
    "Correction",
    "LexiconEntry",
    "Meter",
    "Origin",
    "Period",
    "Price",
    "ReviewReason",
    "Rule",
    "RuleSet",
    "Split",
    "Usage",
]
