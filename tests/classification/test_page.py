"""docs/classification.md explains each choice under the name that the admin shows."""

import pytest

from classification.engines.rules.document import LexiconKind, Match, Strength
from smsconsolidator.env import BASE_DIR

PAGE = (BASE_DIR / "docs/classification.md").read_text("utf-8")


@pytest.mark.parametrize("choice", [*Match, *Strength, *LexiconKind], ids=lambda choice: choice.name)
def test_every_choice_has_a_row(choice: Match | Strength | LexiconKind) -> None:
    assert f"\n| {choice.label} | " in PAGE
