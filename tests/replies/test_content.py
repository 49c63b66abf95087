from typing import Any

import pytest

from replies.content import reply_text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("agree", "Thanks for confirming! See you soon."),
        ("disagree", "Thank you for replying."),
        ("neutral", "Thank you for replying."),
    ],
)
def test_it_answers_each_label_with_its_own_text(label: str, text: str) -> None:
    assert reply_text(label) == text


@pytest.mark.parametrize("label", ["agree", "disagree"])
def test_it_prefers_the_operators_text(settings: Any, label: str) -> None:
    settings.SMS_AUTO_REPLY_TEXT = "Salamat po!"
    assert reply_text(label) == "Salamat po!"
